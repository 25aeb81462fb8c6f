import { failureClasses } from '../domain/failure-class.ts';
import { type PagePolicy, type SeverityByClass, severities } from '../domain/page.ts';
import { pageForRun } from '../workflows/page-for-run.ts';
import { eachOnce, meant, type Of, placeOf } from './policy.ts';

interface Declaration extends Omit<PagePolicy, 'workflow'> {
  workflow: Of;
  /** False: no failed run of it pages. */
  page?: boolean;
  /** False: a run that a person has started pages nobody. That person sees how it ends. */
  whenStartedByPeople?: boolean;
  /** The PagerDuty connection by whose routing key it is raised. Left out: see `baton routes`. */
  connection?: string;
  /** By class of failure. With `default` it says all; without, classes that it does not name are as the policy of `all` has them. */
  severity?: SeverityByClass;
}

/** Declares how failed runs of a workflow, or of all, are paged for; throws where that cannot be meant. */
export function definePagePolicy({ workflow: of, ...rules }: Declaration): PagePolicy {
  const { page, connection, whenStartedByPeople, severity = {} } = rules;
  const { workflow, fails } = placeOf('page', of, connection);
  if (workflow === pageForRun.name)
    fails('is never asked: the pager pages for no failure of its own. Leave it out.');
  for (const [name, value] of Object.entries(severity)) {
    const known = [...failureClasses, 'default'];
    if (!known.includes(name))
      fails(
        `names no class of failure, ${name}. ${meant(name, known)} A class of your own has a line in domain/failure-class.ts.`,
      );
    if (!(severities as readonly string[]).includes(value))
      fails(`has no fitting severity of ${name}, ${value}. Use one of ${severities.join(', ')}.`);
  }
  const others = [connection, whenStartedByPeople, rules.severity].some((each) => each !== undefined);
  if (page === false && others)
    fails('pages nobody, and says how. Leave out page: false, or all that it says besides.');
  if (page === undefined && !others)
    fails('says nothing. Say page: false, a connection or severities, or leave it out.');
  return { workflow, ...rules };
}

/** The policies by which failed runs are paged for; throws where a workflow has two. */
export const pagePolicyList = (policies: readonly PagePolicy[]): readonly PagePolicy[] =>
  eachOnce('page', policies);
