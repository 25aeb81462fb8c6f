import { ApplicationFailure } from '@temporalio/activity';
import type { AnyChange } from '../../activities/activity.ts';
import type { FailureDetail } from '../../activities/failures.ts';
import type { Lowering } from '../../domain/mode.ts';
import type { Call, Link, Surroundings } from './call.ts';
import { refused } from './entry.ts';

/**
 * A run that began before its trigger was lowered goes on, but its destructive changes are made as the trigger stands now: not at all, or
 * once people have approved them.
 */
export const lowered =
  (options: Surroundings): Link<Call<AnyChange>> =>
  async (call, next) => {
    const { declaration, mode, runId } = call;
    const lowering = declaration.kind === 'destructive' && (await options.store.loweredSince(runId));
    if (!lowering) return next(call);
    if (lowering.mode === 'off' || lowering.mode === 'observe')
      throw await refused(call, triggerLowered(call, lowering), options);
    // What it has made already cannot be planned any more: each further change is asked for.
    return next({ ...call, mode: mode === 'propose' ? mode : 'approve' });
  };

function triggerLowered(
  { declaration: { name, provider }, attempt }: Call,
  { trigger, mode, by, reason, at }: Lowering,
): ApplicationFailure {
  const isUncertain = attempt > 1;
  const detail: FailureDetail = { provider, effect: isUncertain ? 'unknown' : 'none' };
  return ApplicationFailure.nonRetryable(
    `${name} is not made${isUncertain ? ' again, though an earlier attempt may have made it' : ''}: the trigger ${trigger} was lowered to ${mode} at ${at} by ${by} (${reason}), and no run of it does what cannot be ` +
      'taken back until a reviewed line raises it. Do it by hand, or start the runbook by hand',
    'TriggerLowered',
    detail,
  );
}
