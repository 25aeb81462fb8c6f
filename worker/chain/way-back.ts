import type { AnyChange } from '../../activities/activity.ts';
import { digestOf } from '../identity.ts';
import type { Call, Link, Surroundings } from './call.ts';

/**
 * A call that says that it takes back a change is believed where the store has that change as one of its own run, and its inverse as just
 * this call. Such a one is a change as any other, and passes guards and modes; only what the run has done itself does not hold it, and who has
 * approved the change has seen its inverse.
 */
export const wayBack =
  ({ store }: Surroundings): Link<Call<AnyChange>> =>
  async (call, next) => {
    const { takesBackKey, runId, declaration, digest } = call;
    const made = takesBackKey === undefined ? undefined : await store.findMade(takesBackKey);
    if (!made || made.run !== runId || 'none' in made.inverse) return next(call);
    const { activity, input } = made.inverse;
    const isInverse = activity === declaration.name && digestOf(input) === digest;
    return next(isInverse ? { ...call, takesBack: made } : call);
  };
