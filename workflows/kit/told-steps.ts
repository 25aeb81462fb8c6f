import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  patched,
  rootCause,
  TimeoutFailure,
} from '@temporalio/workflow';
import { heardOf, type StepType, type ToldStep } from '../../domain/step.ts';
import { numbered, numberToCome } from './call-number.ts';
import { owe } from './owed.ts';
import { isLook } from './proof.ts';
import { engine, runCause } from './run.ts';

/**
 * Makes a call of an activity, and tells of the states that it enters, where somebody hears of them: as the server has said when it started the
 * run. Where nobody does, it is the call and nothing else.
 */
export function told<Result>(
  activityType: string,
  input: unknown,
  call: () => Promise<Result>,
): Promise<Result> {
  const types = typesOf(activityType);
  if (types.length === 0) return call();
  // A run that is to end asks Temporal for nothing more.
  if (CancellationScope.current().consideredCancelled && patched('tells-of-what-is-asked')) return call();
  const number = numberToCome(activityType);
  return telling({ activityType, number, input, scheduledAt: now() }, types, () => numbered(number, call));
}

/** The states of this call that somebody hears of. What is only looked at is no step. */
function typesOf(activityType: string): readonly StepType[] {
  const { heard } = runCause() ?? {};
  if (!heard || /^(plan|ask):/.test(activityType)) return [];
  const activity = activityType.replace(/^approved:/, '');
  const types = heardOf(heard, activity, isLook(activity));
  // A run that former code has begun has told nothing so far.
  return types.length > 0 && patched('tells-of-steps') ? types : [];
}

const now = () => new Date().toISOString();

/**
 * `started` is told by the worker that begins the call. All else is known here alone: a failure is the last one, whatever came before it. What
 * a step gave goes on once it is told, so no later history of the run has to make up for it.
 */
async function telling<Result>(
  step: Omit<ToldStep, 'type' | 'at' | 'failure'>,
  types: readonly StepType[],
  call: () => Promise<Result>,
): Promise<Result> {
  const tell = async (type: StepType, failure?: ToldStep['failure']) => {
    if (!types.includes(type)) return;
    const said = { ...step, type, at: now(), ...(failure ? { failure } : {}) };
    await CancellationScope.nonCancellable(() => engine.tellStep(said));
  };
  const scheduled = tell('activity.scheduled');
  let ended: Promise<void> | undefined;
  const end = (tellEnd: () => Promise<void>) => {
    ended ??= Promise.all([scheduled, tellEnd()]).then(() => undefined);
    return ended;
  };
  // Whatever a run has not waited for ends with it.
  const seenTo = owe(() => end(() => tell('activity.cancelled')));
  try {
    const result = await call();
    await end(() => tell('activity.completed'));
    return result;
  } catch (error) {
    await end(() => tellFailure(error, tell));
    throw error;
  } finally {
    seenTo();
  }
}

/** What people have to approve first has not failed: it is made once they have. */
async function tellFailure(
  error: unknown,
  tell: (type: StepType, failure?: ToldStep['failure']) => Promise<void>,
): Promise<void> {
  if (isCancellation(error)) return tell('activity.cancelled');
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const isLate = cause instanceof TimeoutFailure || (error as ActivityFailure).retryState === 'TIMEOUT';
  // Of what took too long, why its last attempt failed.
  const last = cause instanceof TimeoutFailure ? cause.cause : cause;
  const type = last instanceof ApplicationFailure ? (last.type ?? 'Error') : 'TimedOut';
  if (type === 'NeedsApproval') return undefined;
  return tell(isLate ? 'activity.timed_out' : 'activity.failed', {
    class: type,
    message: rootCause(error) ?? type,
  });
}
