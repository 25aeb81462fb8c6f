import type { AnyChange } from '../../activities/activity.ts';
import { isWatching } from '../../domain/mode.ts';
import type { Call, Next } from './call.ts';

type Way = Next<Call<AnyChange>>;

/**
 * Where a change goes on. `ask`: its plan is wanted, for people to approve. `plan`, where its run only watches, which is told by the signed
 * cause alone: nobody is asked, and what needs an approval is looked at as if it had one.
 */
export const byMode =
  ({ ask, plan, make }: { ask: Way; plan: Way; make: Way }): Way =>
  (call) => {
    if (call.approval === 'ask') return ask(call);
    return isWatching(call.mode) ? plan(call) : make(call);
  };
