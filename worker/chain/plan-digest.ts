import type { AnyChange } from '../../activities/activity.ts';
import type { Plan } from '../../domain/plan.ts';
import { digestOf } from '../identity.ts';
import type { Call } from './call.ts';
import { targetsOf } from './intent.ts';

/**
 * What a plan is compared by: SHA-256, base64url, over the canonical JSON of activity, input, targets and what people are shown of the
 * plan. Its output is left out, since it is a guess, and so are its values: a version that a look finds changes with every status.
 */
export function digestOfPlan(call: Call<AnyChange>, { output: _, values: __, ...plan }: Plan): string {
  const { declaration, input } = call;
  return digestOf({ activity: declaration.name, input, targets: targetsOf(call), plan });
}
