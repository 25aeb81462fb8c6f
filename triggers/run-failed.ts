import { isWatching } from '../domain/mode.ts';
import { type PagePolicy, pageRulesFor } from '../domain/page.ts';
import { pageForRun } from '../workflows/page-for-run.ts';
import { pagerInput } from './paged-run.ts';
import { pagePolicies } from './policies/index.ts';
import { defineTrigger } from './trigger.ts';

/**
 * Pages for failed runs, by these policies. A pager that fails pages nobody: its own failure would start the next one, without end. Nor
 * does a run that was to change nothing.
 */
export const runFailedBy = (policies: readonly PagePolicy[]) =>
  defineTrigger({
    name: 'run-failed',
    on: ['run.failed', 'run.timed_out'],
    when: {
      'is not the pager itself': ({ workflow }) => workflow !== pageForRun.name,
      'was to change something': ({ mode }) => !isWatching(mode),
      'is not of a drill, which pages by itself': ({ drill }) => !drill,
      'is of a workflow whose policy pages': ({ workflow }) => pageRulesFor(workflow, policies).page,
      'is not left to the person who has started it': ({ workflow, startedBy }) =>
        startedBy !== 'person' || pageRulesFor(workflow, policies).whenStartedByPeople !== false,
    },
    run: pageForRun,
    input: (failed, event) => pagerInput(failed, event, rulesOf(failed.workflow, policies)),
    target: ({ workflow, target }) => `${workflow}/${target}`,
    forPeople: true,
  });

export const runFailed = runFailedBy(pagePolicies);

function rulesOf(workflow: string, policies: readonly PagePolicy[]) {
  const { page: _, ...rules } = pageRulesFor(workflow, policies);
  return rules;
}
