import type { AnyChange } from '../../activities/activity.ts';
import type { Looked } from '../../domain/approval.ts';
import type { Call, Link, Surroundings } from './call.ts';
import { plannedCall } from './plan-digest.ts';

/** Gives the plan of a call beside its result, for an approval; or what there is already: see `Looked`. */
export const asked =
  ({ scrub }: Surroundings): Link<Call<AnyChange>> =>
  async (call, next) => {
    const { result, plan, dryRun } = await next(call);
    const { kind } = call.declaration;
    const looked: Looked = plan
      ? { planned: plannedCall(call, plan, scrub), kind, output: result, ...(dryRun ? { dryRun } : {}) }
      : { done: result };
    return { result: looked };
  };
