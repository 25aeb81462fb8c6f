import { type PagePolicy, pageRulesFor, severityOf } from '../../domain/page.ts';
import type { Trouble } from '../../domain/watched.ts';
import type { Condition } from './condition.ts';

/** Their troubles are those of runs, and have the workflow as their component. All others are as the policy of `all` says. */
const ofRuns: readonly Condition['name'][] = ['run.stuck', 'run.overdue'];

/** The condition, with its troubles paged for as policies have it: by which connection, how severe by their class, or not at all. */
export function pagedByPolicies(condition: Condition, policies: readonly PagePolicy[]): Condition {
  const isOfRuns = ofRuns.includes(condition.name);
  return {
    ...condition,
    async find(signal) {
      const found = await condition.find(signal);
      return found?.map((trouble) => paged(trouble, isOfRuns ? trouble.component : 'all', policies));
    },
  };
}

function paged(trouble: Trouble, workflow: string, policies: readonly PagePolicy[]): Trouble {
  const { page, connection, severity } = pageRulesFor(workflow, policies);
  return {
    ...trouble,
    severity: severityOf(trouble.class, severity),
    ...(connection === undefined ? {} : { connection }),
    ...(page ? {} : { isPaged: false }),
  };
}
