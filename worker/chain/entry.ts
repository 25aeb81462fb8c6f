import { ApplicationFailure } from '@temporalio/activity';
import type { AttemptDetail, Details, Entry, Failure } from '../../domain/record.ts';
import type { Call, Surroundings } from './call.ts';

/** The lines of the record that tell of activities. */
type Action = `activity.${'intended' | 'planned' | 'completed' | 'failed' | 'refused'}`;

/** These tell of the first that is known of a call, and so with what it was made. */
const first: readonly Action[] = ['activity.intended', 'activity.planned', 'activity.refused'];

/** On whose behalf it is made, as record entries name it. */
export const actorIn = ({ actor }: Pick<Call, 'actor'>): string =>
  actor.kind === 'person' ? `person:${actor.email ?? actor.name}` : `${actor.kind}:${actor.name}`;

/** A line about a call. `more` is what only this action tells. */
export function entryOf<Name extends Action>(
  call: Call,
  action: Name,
  more: Omit<Details[Name], keyof AttemptDetail>,
): Entry {
  const { declaration, input, key, runId, attempt, subject, simulated, doubt, approvedBy } = call;
  const { provider, name, kind } = declaration;
  const detail: AttemptDetail = {
    run: runId,
    activity: name,
    kind,
    key,
    attempt,
    ...(first.includes(action) || kind === 'read' ? { input, ...(doubt ? { doubt } : {}) } : {}),
    ...(approvedBy ? { approval: approvedBy.id } : {}),
    ...(simulated.includes(provider) ? { simulated: true } : {}),
  };
  return {
    at: new Date().toISOString(),
    actor: actorIn(call),
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

/** Writes down that a call is refused, and gives the failure back to be thrown. */
export async function refused(call: Call, failure: Error, { store }: Surroundings): Promise<Error> {
  await store.append([entryOf(call, 'activity.refused', describe(failure))]);
  return failure;
}
