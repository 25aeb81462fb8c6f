import type { AnyChangeable, Call, Next } from './call.ts';

/** Where a change goes on by the mode of its run, which is told by the signed cause alone. */
export const byMode =
  (plan: Next<Call<AnyChangeable>>, make: Next<Call<AnyChangeable>>): Next<Call<AnyChangeable>> =>
  (call) =>
    call.mode === 'plan' ? plan(call) : make(call);
