import { ApplicationFailure } from '@temporalio/activity';
import type { AnyChange } from '../../activities/activity.ts';
import type { FailureDetail } from '../../activities/failures.ts';
import type { Approval } from '../../domain/approval.ts';
import type { Plan } from '../../domain/plan.ts';
import { notAuthorized } from '../authority.ts';
import type { Call, Link, Surroundings } from './call.ts';
import { refused } from './entry.ts';
import { plannedCall } from './plan-digest.ts';

/**
 * A call that says it is approved is made only where the store says so too: of this run, for this activity. By which plan it may be made
 * is looked at once it has one. Its effect is known by the approval, and not by the how-manieth call it is: people have approved it once, so
 * that the same call again gives what the first one gave.
 */
export const approved =
  (options: Surroundings): Link<Call<AnyChange>> =>
  async (call, next) => {
    const { approval, approvalId, declaration, digest, runId } = call;
    if (approval !== 'approved') return next(call);
    const kept = approvalId === undefined ? undefined : await options.store.findApproval(approvalId);
    const why = whyNot(kept, declaration.name, runId);
    const key = `${runId}#approved:${declaration.name}#by ${approvalId}#${digest}`;
    if (kept && !why) return next({ ...call, key, approvedBy: kept });
    throw await refused(call, notAuthorized(declaration, why ?? 'there is no such approval'), options);
  };

function whyNot(kept: Approval | undefined, activity: string, runId: string): string | undefined {
  if (!kept || kept.runId !== runId) return 'there is no such approval of this run';
  if (kept.state !== 'approved') return `its approval is ${kept.state}`;
  return kept.calls.some((each) => each.activity === activity)
    ? undefined
    : 'its approval is of another activity';
}

/** Throws `PlanChanged` where what is to be done now is not what people have seen and approved. Nothing was done then. */
export function checkApproved(call: Call<AnyChange>, plan: Plan, { scrub }: Surroundings): void {
  const { approvedBy, declaration } = call;
  if (!approvedBy) return;
  const { digest } = plannedCall(call, plan, scrub);
  if (approvedBy.calls.some((each) => each.digest === digest)) return;
  const detail: FailureDetail = { provider: declaration.provider, effect: 'none' };
  throw ApplicationFailure.nonRetryable(
    `${declaration.name} is not made: what it would do now is not what was approved (${plan.summary}). Ask again`,
    'PlanChanged',
    detail,
  );
}
