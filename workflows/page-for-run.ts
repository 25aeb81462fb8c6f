import { condition } from '@temporalio/workflow';
import type { LaterEvent } from '../domain/incident.ts';
import { defaultConnection, subjectOf } from '../domain/subject.ts';
import { raiseAlert, resolveAlert } from './kit/alerts.ts';
import { keyOf } from './kit/key.ts';
import { eventsSoFar, isHistoryLong, renew } from './kit/run.ts';

export interface PageForRunInput {
  runId: string;
  workflow: string;
  /** `ProviderRefused`, `NotHealthy`, `TimedOut`, … */
  failureClass: string;
  /** What the failed run was about. */
  target: string;
  message: string;
  incidentId?: string;
  activity?: string;
  /** The connection whose incident the failed run was about; left out: `default`. */
  account?: string;
  /** When it failed. */
  at?: string;
  /** Where people see the incident. */
  incidentUrl?: string;
  /** The code that carried out the failed run. */
  worker?: { build: string; commit?: string };
  /** Given by the run itself alone, where it goes on with a new history: its pages, and until when it watches them. */
  soFar?: { keys: string[]; until: number };
}

const watchedForMs = 30 * 24 * 3600 * 1000;

/**
 * Pages people for a failed run, and takes the page back when a later run of the same workflow on the same target says that
 * all is well. Failures that follow meanwhile join the page of their class, or open another; a run that only ended (handed to a
 * person, resolved elsewhere) changes nothing. It ends in any case: 30 days after the last failure the page is left to people, also
 * where the target is gone and nothing runs on it any more. What PagerDuty takes and does not do is sent again, and told.
 */
export async function pageForRun(failure: PageForRunInput): Promise<string> {
  let until = failure.soFar?.until ?? Date.now() + watchedForMs;
  const keys = new Set(failure.soFar?.keys ?? [await raise(failure)]);

  for (let seen = 0; ; ) {
    const next = () => eventsSoFar().slice(seen).find(isNews);
    await condition(() => isHistoryLong() || next() !== undefined, Math.max(until - Date.now(), 1));
    const event = next();
    if (!event && Date.now() >= until) return 'left to people';
    // All that counts has been dealt with, so a new history needs none of the events.
    if (!event) return renew({ ...failure, soFar: { keys: [...keys], until } });
    if (isHealthy(event)) break;
    keys.add(await raise({ ...failureIn(event), ...(failure.account ? { account: failure.account } : {}) }));
    until = Date.now() + watchedForMs;
    seen = eventsSoFar().indexOf(event) + 1;
  }

  for (const dedupKey of keys) await resolveAlert(dedupKey);
  return 'resolved';
}

/**
 * The key names workflow, class and target and never the run: a storm of failures with one cause is one page. Targets of two accounts
 * are two, also where both page by one.
 */
export const alertKey = ({ workflow, failureClass, target, account }: PageForRunInput) =>
  keyOf('baton', workflow, failureClass, account === undefined ? target : `${account}/${target}`);

/**
 * How bad it is. Something was changed and did not get well, or nobody knows how far it got: that cannot wait. What a
 * setting or an input must mend is found in working hours. All else may have left an incident without its help.
 */
export function severityOf(failureClass: string): 'critical' | 'error' | 'warning' {
  if (['NotHealthy', 'TimedOut'].includes(failureClass)) return 'critical';
  if (['NotConnected', 'InvalidInput'].includes(failureClass)) return 'warning';
  return 'error';
}

async function raise(failure: PageForRunInput): Promise<string> {
  const { runId, workflow, failureClass, target, message, incidentId, activity, account } = failure;
  const { at, incidentUrl, worker } = failure;
  const dedupKey = alertKey(failure);
  const incident = incidentId ? subjectOf(account ?? defaultConnection, incidentId) : undefined;
  const alert = {
    dedupKey,
    summary: `${workflow} failed${target ? ` for ${target}` : ''}: ${message}`,
    source: 'baton',
    severity: severityOf(failureClass),
    overridable: true,
    ...(at ? { timestamp: at } : {}),
    component: workflow,
    class: failureClass,
    ...(target ? { group: target } : {}),
    about: { run: runId, ...(incidentUrl ? { incidentUrl } : {}), ...(worker ? { worker } : {}) },
    details: {
      run: runId,
      ...(incident ? { incident } : {}),
      ...(activity ? { activity } : {}),
      ...(worker ? { worker } : {}),
      message,
      baton: true,
    },
  };
  await raiseAlert(alert, incident);
  return dedupKey;
}

const isHealthy = ({ type, data }: LaterEvent) =>
  type === 'run.completed' && (data as Partial<EndedRun>).healthy === true;
const isNews = (event: LaterEvent) =>
  ['run.failed', 'run.timed_out'].includes(event.type) || isHealthy(event);

/** What the engine's own events of completed runs carry. */
interface EndedRun {
  healthy: boolean;
}

/** What the engine's own events of failed runs carry. */
interface FailedRun {
  runId: string;
  workflow: string;
  target: string;
  incidentId?: string;
  incidentUrl?: string;
  worker?: { build: string; commit?: string };
  endedAt?: string;
  failure: { class: string; message: string; activity?: string };
}

function failureIn({ data }: LaterEvent): PageForRunInput {
  const { runId, workflow, target, incidentId, incidentUrl, worker, endedAt, failure } = data as FailedRun;
  return {
    runId,
    workflow,
    failureClass: failure.class,
    target,
    message: failure.message,
    ...(incidentId ? { incidentId } : {}),
    ...(incidentUrl ? { incidentUrl } : {}),
    ...(worker ? { worker } : {}),
    ...(endedAt ? { at: endedAt } : {}),
    ...(failure.activity ? { activity: failure.activity } : {}),
  };
}
