import { CancelledFailure, cancellationDetails } from '@temporalio/activity';
import type { AnyChange, AnyRead } from '../../activities/activity.ts';
import { heldInWords } from '../../domain/guard.ts';
import type { EffectOutcome } from '../../store/changes/effects.ts';
import type { Call, Link, Outcome, Surroundings } from './call.ts';
import { describe, entryOf } from './entry.ts';
import { effectOf, failureOf } from './failure.ts';
import { intentOf, targetsOf } from './intent.ts';
import { journalEntry } from './journal.ts';
import { plannedCall } from './plan-digest.ts';

/** The failure that came from within is in the record before it goes on. */
async function followed(call: Call, outcome: Promise<Outcome>, { store }: Surroundings): Promise<Outcome> {
  try {
    return await outcome;
  } catch (error) {
    await store.append([entryOf(call, 'activity.failed', describe(error as Error))]);
    throw error;
  }
}

/** One line for a read: its result, or its failure. */
export const recordedRead =
  (options: Surroundings): Link<Call<AnyRead>> =>
  async (call, next) => {
    const { store, scrub } = options;
    const { result } = await followed(call, next(call), options);
    try {
      await store.append([entryOf(call, 'activity.completed', { result })]);
      return { result };
    } catch (error) {
      // It may be told as completed, so it is not told as failed besides.
      throw failureOf(error, call, scrub);
    }
  };

/** Which guard would hold it now, if it were made. */
async function wouldHold(call: Call<AnyChange>, { store, scrub }: Surroundings) {
  const { guards, ...asked } = intentOf(call);
  const by = guards && (await store.wouldHold({ ...asked, guards }));
  if (!by) return undefined;
  const { guard, reason } = heldInWords(by);
  return { guard, reason: scrub(reason) };
}

/** One line for a change that is looked at alone: all that would be done and what would hold it, or that it is done. */
export const recordedPlan =
  (options: Surroundings): Link<Call<AnyChange>> =>
  async (call, next) => {
    const { store, scrub } = options;
    const { result, plan, dryRun } = await followed(call, next(call), options);
    const said = dryRun ? { dryRun } : {};
    const targets = targetsOf(call);
    const held = plan && (await wouldHold(call, options));
    const found = plan
      ? { plan, digest: plannedCall(call, plan, scrub).digest, ...said, ...(held ? { held } : {}) }
      : { done: result };
    await store.append([entryOf(call, 'activity.planned', { targets, ...found })]);
    return { result, ...(plan ? { plan } : {}), ...said };
  };

/** What became of an effect that was opened, with its line. */
export const concluded =
  ({ store, scrub, journal }: Surroundings): Link<Call<AnyChange>> =>
  async (call, next) => {
    const { key, attempt } = call;
    const outcome = await next(call).catch(async (failure: Error) => {
      const entry = entryOf(call, 'activity.failed', describe(failure));
      await store.conclude({ key, attempt, state: effectOf(failure), changed: false, entry });
      // Temporal would not try it again, and call it a failure of the run that was asked to end.
      throw cancellationDetails()?.cancelRequested ? new CancelledFailure(failure.message) : failure;
    });
    const { result, plan } = outcome;
    const { changed } = result as { changed?: boolean };
    const entry = entryOf(call, 'activity.completed', { result, ...madeBy(call, plan, scrub) });
    // What an attempt that was cut off may have done is not told by this one's result.
    const isMade = changed !== false || call.before?.uncertainSince !== undefined;
    const told = isMade && journal ? journalEntry(call, plan, journal, scrub) : undefined;
    const effect: EffectOutcome = {
      key,
      attempt,
      state: 'done',
      result,
      changed: changed !== false,
      entry,
      ...(told ? { journal: told } : {}),
    };
    // The change is made, whatever the store says of it: it is never told as one that failed. The same outcome counts once.
    const conclude = () => store.conclude(effect);
    await conclude()
      .catch(conclude)
      .catch((error: unknown) => {
        throw failureOf(error, call, scrub);
      });
    return outcome;
  };

/** By which plan a change was made, in words too, and how it is taken back. */
function madeBy(
  call: Call<AnyChange>,
  plan: Outcome['plan'],
  scrub: (text: string) => string,
): Record<string, unknown> {
  if (!plan) return {};
  const { summary, before, after, inverse } = plan;
  return { summary, digest: plannedCall(call, plan, scrub).digest, before, after, inverse };
}
