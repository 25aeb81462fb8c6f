import { ApplicationFailure } from '@temporalio/activity';
import type { Actor } from '../../activities/activity.ts';
import type { FailureDetail } from '../../activities/failures.ts';
import type { AttemptDetail, Details, Entry, Failure } from '../../domain/record.ts';
import { approvalFor, type Call, type Surroundings } from './call.ts';

/** The lines of the record that tell of activities. */
type Action = `activity.${'intended' | 'planned' | 'completed' | 'failed' | 'refused'}`;

/** These tell of the first that is known of a call, and so with what it was made. */
const first: readonly Action[] = ['activity.intended', 'activity.planned', 'activity.refused'];

/** As the record names whoever acts: `person:ada@example.com`, `trigger:ec2-unhealthy`. */
export const inRecord = ({ kind, name, email }: Actor): string =>
  kind === 'person' ? `person:${email ?? name}` : `${kind}:${name}`;

/** A line about a call. `more` is what only this action tells. */
export function entryOf<Name extends Action>(
  call: Call,
  action: Name,
  more: Omit<Details[Name], keyof AttemptDetail>,
): Entry {
  const { declaration, input, key, runId, attempt, subject, simulated, doubt } = call;
  const approval = approvalFor(call);
  const { provider, name, kind } = declaration;
  const detail: AttemptDetail = {
    run: runId,
    activity: name,
    kind,
    key,
    attempt,
    ...(first.includes(action) || kind === 'read' ? { input, ...(doubt ? { doubt } : {}) } : {}),
    ...(approval ? { approval: approval.id } : {}),
    ...(simulated.includes(provider) ? { simulated: true } : {}),
  };
  return {
    at: new Date().toISOString(),
    actor: inRecord(call.actor),
    via: 'worker',
    action,
    subject,
    detail: { ...detail, ...more },
  } as Entry;
}

/** What the record tells of a failure. */
export function describe(failure: Error): { failure: Failure } {
  const type = failure instanceof ApplicationFailure ? (failure.type ?? failure.name) : failure.name;
  return { failure: { class: type, message: failure.message } };
}

/** Which guard has held a call, of a failure that says so. */
function heldBy(failure: Error): Pick<Details['activity.refused'], 'held'> {
  const [detail] = failure instanceof ApplicationFailure ? (failure.details ?? []) : [];
  const { held } = (detail ?? {}) as FailureDetail;
  return held ? { held: { guard: held.guard, ...(held.retryAt ? { retryAt: held.retryAt } : {}) } } : {};
}

/** Writes down that a call is refused, and gives the failure back to be thrown. */
export async function refused(call: Call, failure: Error, { store }: Surroundings): Promise<Error> {
  await store.append([entryOf(call, 'activity.refused', { ...describe(failure), ...heldBy(failure) })]);
  return failure;
}
