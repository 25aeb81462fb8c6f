import type { AnyChange } from '../../activities/activity.ts';
import type { Call, Next } from './call.ts';

/** Where a change goes on by the mode of its run, which is told by the signed cause alone. */
export const byMode =
  (plan: Next<Call<AnyChange>>, make: Next<Call<AnyChange>>): Next<Call<AnyChange>> =>
  (call) =>
    call.mode === 'plan' ? plan(call) : make(call);
