import type { Plan } from '../../domain/plan.ts';
import { digestOf } from '../identity.ts';
import type { AnyChangeable, Call } from './call.ts';
import { targetsOf } from './intent.ts';

/**
 * What a plan is compared by: SHA-256, base64url, over the canonical JSON of activity, input, targets and plan. Its output is left out,
 * since that of a plan is a guess.
 */
export function digestOfPlan(call: Call<AnyChangeable>, { output: _, ...plan }: Plan): string {
  const { declaration, input } = call;
  return digestOf({ activity: declaration.name, input, targets: targetsOf(call), plan });
}
