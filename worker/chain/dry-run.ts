import type { ActivityContext, AnyChange } from '../../activities/activity.ts';
import { boundedSignal } from '../../domain/bounded-signal.ts';
import type { DryRun, Plan } from '../../domain/plan.ts';
import { scrubValue } from '../../secrets/scrub.ts';
import type { Call, Surroundings } from './call.ts';
import { asFailure } from './failure.ts';

/** People wait for the plan. */
const dryRunMilliseconds = 4_000;

/**
 * What the provider says to a plan that is not made now, where it can be asked. That it could not be asked is said, and the plan stands: it is
 * what would be done, whoever has tried it.
 */
export async function dryRunOf(
  { declaration, input }: Call<AnyChange>,
  plan: Plan,
  context: ActivityContext,
  { scrub }: Surroundings,
): Promise<DryRun | undefined> {
  if (!declaration.dryRun) return undefined;
  const { attempt } = context;
  const signal = boundedSignal(attempt.signal, dryRunMilliseconds);
  try {
    const asked = await declaration.dryRun(plan, input, { ...context, attempt: { ...attempt, signal } });
    return scrubValue(asked, scrub) as DryRun;
  } catch (error) {
    const why = signal.aborted ? 'no answer in time' : asFailure(error, declaration.provider, scrub).message;
    return {
      outcome: 'unknown',
      said: `It could not be asked beforehand whether this would be done: ${why}`,
    };
  }
}
