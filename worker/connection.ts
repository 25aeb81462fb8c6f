import type { AnyActivity } from '../activities/activity.ts';
import { defaultConnection, markOf, subjectOf } from '../domain/subject.ts';
import type { CauseOfCall } from './authority.ts';

type Called = Pick<AnyActivity, 'provider' | 'purpose'>;
type Input = Record<string, unknown>;

/**
 * The connection of a call: the one that its input names, else the run's for this purpose or provider, else `default`. Of PagerDuty it is
 * the account of the run's incident, so that another one is reached only by whoever names it.
 */
export function connectionOf(
  { provider, purpose }: Called,
  input: unknown,
  cause: Pick<CauseOfCall, 'connection' | 'connections'> | undefined,
): string {
  const named = (input as { connection?: unknown } | null | undefined)?.connection;
  if (typeof named === 'string' && named !== '') return named;
  const { connection, connections = {} } = cause ?? {};
  const own = provider === 'pagerduty' ? connection : undefined;
  const forPurpose = purpose === undefined ? undefined : connections[`${provider}/${purpose}`];
  return forPurpose ?? connections[provider] ?? own ?? defaultConnection;
}

/** By which account a call goes, and what of it belongs to an account. */
export interface Placed {
  connection: string;
  /** What the activity is given: with the connection, and with the mark of an incident of another account where marks are kept. */
  input: Input;
  /** The subject of the call's run. */
  subject: string;
  /** The subject of the events that will tell of the change: its incident, which need not be the run's. */
  changes: string;
}

/** `argument` is the call's input as the run gave it, `given` as the activity's schema reads it. */
export function placed(
  called: Called,
  argument: unknown,
  given: Input,
  cause: CauseOfCall | undefined,
  runId: string,
): Placed {
  const connection = connectionOf(called, argument, cause);
  const subject = cause?.subject ?? runId;
  const { incidentId } = given;
  const input = 'connection' in given ? { ...given, connection } : given;
  if (typeof incidentId !== 'string') return { connection, input, subject, changes: subject };
  if (called.provider === 'pagerduty')
    return { connection, input, subject, changes: subjectOf(connection, incidentId) };
  const account = cause?.connection ?? defaultConnection;
  return {
    connection,
    input: { ...input, incidentId: markOf(account, incidentId) },
    subject,
    changes: subjectOf(account, incidentId),
  };
}

/**
 * Of the simulated providers, those that a call and its run reach by the simulator. It stands behind `default` alone: a named connection
 * is a real account.
 */
export function simulatedFor(
  { provider }: Called,
  connection: string,
  cause: Pick<CauseOfCall, 'connection' | 'connections'> | undefined,
  simulated: readonly string[],
): string[] {
  const reached = (name: string) =>
    name === provider ? connection : connectionOf({ provider: name }, undefined, cause);
  return simulated.filter((name) => reached(name) === defaultConnection);
}

/** Targets, told from those of other accounts. */
export const targetsAt = (connection: string, targets: readonly string[]): string[] =>
  targets.map((target) => subjectOf(connection, target));
