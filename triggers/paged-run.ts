import type { DataOf, Event } from '../domain/event.ts';
import { over, type PageRules, type SeverityByClass, usualSeverities } from '../domain/page.ts';
import { type PageForRunInput, pageForRun } from '../workflows/page-for-run.ts';

type Failed = 'run.failed' | 'run.timed_out';

/** What the pager is given of a run that has failed, and the rules by which it pages. */
export const pagerInput = (
  { runId, workflow, target, incidentId, incidentUrl, worker, endedAt, failure }: DataOf<Failed>,
  { connection }: Event<Failed>,
  rules: PageRules,
): PageForRunInput => ({
  runId,
  workflow,
  failureClass: failure.class,
  target,
  message: failure.message,
  ...(incidentId === undefined ? {} : { incidentId }),
  ...(incidentUrl === undefined ? {} : { incidentUrl }),
  ...(worker === undefined ? {} : { worker }),
  ...(endedAt === undefined ? {} : { at: endedAt }),
  ...(failure.activity === undefined ? {} : { activity: failure.activity }),
  ...(connection === undefined ? {} : { account: connection }),
  rules,
});

/**
 * Pages for the failed runs that a trigger selects, for `defineTrigger`: `...paging({ connection: 'platform' })`. It pages beside the policies,
 * which are of all runs: by another connection, that is. The next good run takes the page back.
 */
export const paging = ({
  connection,
  severity,
}: {
  /** The PagerDuty connection by whose routing key it is raised. Its own severity comes first. Left out: see `baton routes`. */
  connection?: string;
  /** By class of failure, as in a page policy. */
  severity?: SeverityByClass;
} = {}) => ({
  run: pageForRun,
  input: (failed: DataOf<Failed>, event: Event<Failed>) =>
    pagerInput(failed, event, {
      severity: over(usualSeverities, severity),
      ...(connection === undefined ? {} : { connection }),
    }),
  target: ({ workflow, target }: DataOf<Failed>) => `${workflow}/${target}`,
  forPeople: true as const,
});
