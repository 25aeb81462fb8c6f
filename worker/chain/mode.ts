import type { AnyChange } from '../../activities/activity.ts';
import { isWatching } from '../../domain/mode.ts';
import type { Call, Next } from './call.ts';

type Way = Next<Call<AnyChange>>;

/**
 * Whether a call is made by a run that only looks: one that watches, or one that proposes and has no approval yet. That it has one is its
 * own word, which `approved` holds to the store before anything is changed.
 */
export const isLooking = ({ mode, approvalId }: Pick<Call, 'mode' | 'approvalId'>): boolean =>
  isWatching(mode) || (mode === 'propose' && approvalId === undefined);

/**
 * Where a change goes on. `ask`: its plan is wanted, for people to approve. `plan`: its run only looks, by its mode, which is told by the
 * signed cause alone: nobody is asked, and what needs an approval is looked at as if it had one.
 */
export const byMode =
  ({ ask, plan, make }: { ask: Way; plan: Way; make: Way }): Way =>
  (call) => {
    if (call.approval === 'ask' || call.approval === 'plan') return ask(call);
    return isLooking(call) ? plan(call) : make(call);
  };
