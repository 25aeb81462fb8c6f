import type { AnyChange } from '../../activities/activity.ts';
import type { Call, Link, Surroundings } from './call.ts';
import { plannedCall } from './plan-digest.ts';

/** Gives the plan of a call in place of its result, for an approval; or what there is already: `{ planned }` or `{ done }`. */
export const asked =
  ({ scrub }: Surroundings): Link<Call<AnyChange>> =>
  async (call, next) => {
    const { result, plan } = await next(call);
    return { result: plan ? { planned: plannedCall(call, plan, scrub) } : { done: result } };
  };
