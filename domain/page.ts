import type { FailureClass } from './failure-class.ts';

/** The workflow that pages for failed runs. Nobody is told of its steps, or a page could be about a page without end. */
export const pager = 'pageForRun';

export const severities = ['critical', 'error', 'warning', 'info'] as const;
export type Severity = (typeof severities)[number];

/** How bad failures are, and what the watchdog finds, by their class. `default`: all classes that are not named. */
export type SeverityByClass = { readonly [Name in FailureClass | 'default']?: Severity };

/** How runs that have failed are paged for. */
export interface PageRules {
  severity: SeverityByClass;
  /** Left out: the account of the run's incident, or as routes say. */
  connection?: string;
  /** Set: a run that a person has started pages nobody. */
  whenStartedByPeople?: false;
}

/**
 * What holds where nobody says otherwise. Something was changed and did not get well, or nobody knows how far it got: that cannot wait.
 * Nor can it wait that runs stand still, or that nothing comes in. What a setting or an input must mend is found in working hours. All else may
 * have left an incident without its help.
 */
export const usualSeverities = {
  NotHealthy: 'critical',
  TimedOut: 'critical',
  NonDeterminism: 'critical',
  WorkflowTaskFailed: 'critical',
  NoWorker: 'critical',
  Away: 'critical',
  Disabled: 'critical',
  NotConnected: 'warning',
  InvalidInput: 'warning',
  default: 'error',
} as const satisfies SeverityByClass;

/** A class of another version, or of an error that nobody foresaw, is as `default` says. */
export function severityOf(failureClass: string, by: SeverityByClass = usualSeverities): Severity {
  const known: Partial<Record<string, Severity>> = by;
  return (Object.hasOwn(known, failureClass) ? known[failureClass] : by.default) ?? usualSeverities.default;
}

/** How failed runs of a workflow are paged for. What it leaves out is as the policy of `all` says, but for `page`. */
export interface PagePolicy {
  /** Its name, or `all`. */
  workflow: string;
  /** Left out: they page, also where those of `all` do not. */
  page?: boolean;
  whenStartedByPeople?: boolean;
  connection?: string;
  severity?: SeverityByClass;
}

/** Whether failed runs of a workflow page, and how: by its own policy, else by that of `all`, else as is usual. */
export function pageRulesFor(
  workflow: string,
  policies: readonly PagePolicy[],
): PageRules & { page: boolean } {
  const all = policies.find((each) => each.workflow === 'all');
  const own = policies.find((each) => each.workflow === workflow);
  const connection = own?.connection ?? all?.connection;
  const isForPeople = own?.whenStartedByPeople ?? all?.whenStartedByPeople ?? true;
  return {
    page: (own ?? all)?.page !== false,
    ...(isForPeople ? {} : { whenStartedByPeople: false }),
    severity: over(over(usualSeverities, all?.severity), own?.severity),
    ...(connection === undefined ? {} : { connection }),
  };
}

/** What says how all are is not mixed with what others say. */
export const over = (general: SeverityByClass, own: SeverityByClass | undefined): SeverityByClass =>
  own?.default === undefined ? { ...general, ...own } : own;
