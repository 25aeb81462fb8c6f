import { type JournalPolicy, type JournalScope, journalScopes } from '../domain/journal.ts';
import { eachOnce, type Of, placeOf } from './policy.ts';

interface Declaration {
  workflow: Of;
  /** `destructive`; `all`: also what is harmless or reversible, but for what only tells people; or `none`. */
  changes?: JournalScope;
  /** The PagerDuty connection by whose routing key it is told. Left out: by the route for change events, else on the incident's service. */
  connection?: string;
}

/** Declares which changes of a workflow, or of all, PagerDuty is told of; throws where that cannot be meant. */
export function defineJournalPolicy({ workflow: of, ...rules }: Declaration): JournalPolicy {
  const { changes, connection } = rules;
  const { workflow, fails } = placeOf('journal', of, connection);
  if (changes !== undefined && !journalScopes.includes(changes))
    fails(`has no fitting changes, ${changes}. Use one of ${journalScopes.join(', ')}.`);
  if (changes === 'none' && connection !== undefined)
    fails('tells of no change, and by which connection. Leave one of them out.');
  if (changes === undefined && connection === undefined)
    fails("says nothing. Say changes: 'destructive', 'all' or 'none', or leave it out.");
  return { workflow, ...rules };
}

/** The policies by which changes are told; throws where a workflow has two. */
export const journalPolicyList = (policies: readonly JournalPolicy[]): readonly JournalPolicy[] =>
  eachOnce('journal', policies);
