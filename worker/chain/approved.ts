import { ApplicationFailure } from '@temporalio/activity';
import type { AnyChange } from '../../activities/activity.ts';
import type { FailureDetail } from '../../activities/failures.ts';
import type { Approval } from '../../domain/approval.ts';
import type { Made } from '../../domain/made.ts';
import type { Plan } from '../../domain/plan.ts';
import { scrubValue } from '../../secrets/scrub.ts';
import { notAuthorized } from '../authority.ts';
import { digestOf, keyByApproval, keyOfWayBack } from '../identity.ts';
import type { Call, Link, Surroundings } from './call.ts';
import { refused } from './entry.ts';
import { plannedCall } from './plan-digest.ts';

/**
 * A call that says it is approved is made only where the store says so too: of this run, for this activity. By which plan it may be made
 * is looked at once it has one. Its effect is known by the approval, and not by the how-manieth call it is: people have approved it once, so
 * that the same call again gives what the first one gave.
 *
 * Of a run that proposes, every call says by which approval of the whole run it is made. Of one that is to ask before each destructive
 * change, such a call is not made without.
 *
 * The way back of an approved change is made by the approval of that change, once.
 */
export const approved =
  (options: Surroundings): Link<Call<AnyChange>> =>
  async (call, next) => {
    const { approval, approvalId, declaration, digest, mode, runId, takesBack } = call;
    const approvedAsInverse = takesBack && (await approvalOfTakenBack(takesBack, options));
    if (takesBack && approvedAsInverse)
      return next({ ...call, approvedAsInverse, key: keyOfWayBack(runId, takesBack.key) });
    const ofRun = approval === undefined && mode === 'propose';
    if (approval === undefined && !ofRun) {
      if (mode === 'approve' && declaration.kind === 'destructive')
        throw await refused(call, needsApproval(call), options);
      return next(call);
    }
    const kept = approvalId === undefined ? undefined : await options.store.findApproval(approvalId);
    const why = whyNot(kept, ofRun ? undefined : declaration.name, runId);
    if (!kept || why)
      throw await refused(call, notAuthorized(declaration, why ?? 'there is no such approval'), options);
    const key = keyByApproval(runId, declaration.name, kept.id, digest);
    // What people have approved of a whole run is destroyed once, too.
    const isOnce = !ofRun || declaration.kind === 'destructive';
    return next({ ...call, approvedBy: kept, ...(isOnce ? { key } : {}) });
  };

/**
 * Who has approved a change has approved its way back, as the plan told it, so that nobody is asked again by a run that is to end: the
 * approval by which the change was made, where it is of this change, and its plan told just this inverse.
 */
async function approvalOfTakenBack(
  { approval, run, activity, inverse }: Made,
  { store, scrub }: Surroundings,
): Promise<Approval | undefined> {
  const kept = approval === undefined ? undefined : await store.findApproval(approval);
  if (!kept || whyNot(kept, activity, run)) return undefined;
  const made = digestOf(scrubValue(inverse, scrub));
  const isTold = kept.calls.some((each) => each.activity === activity && digestOf(each.inverse) === made);
  return isTold ? kept : undefined;
}

function whyNot(kept: Approval | undefined, activity: string | undefined, runId: string): string | undefined {
  if (!kept || kept.runId !== runId) return 'there is no such approval of this run';
  if (kept.state !== 'approved') return `its approval is ${kept.state}`;
  return activity === undefined || kept.calls.some((each) => each.activity === activity)
    ? undefined
    : 'its approval is of another activity';
}

/**
 * Throws `PlanChanged` where what is to be done now is not what people have seen and approved; `NeedsApproval` where it is none of what
 * they have approved for the whole run, and destructive. Nothing was done then.
 */
export function checkApproved(call: Call<AnyChange>, plan: Plan, { scrub }: Surroundings): void {
  const { approval, approvedBy, declaration } = call;
  if (!approvedBy || (approval === undefined && declaration.kind === 'change')) return;
  const { digest } = plannedCall(call, plan, scrub);
  if (approvedBy.calls.some((each) => each.digest === digest)) return;
  if (approval === undefined) throw needsApproval(call);
  const detail: FailureDetail = { provider: declaration.provider, effect: 'none' };
  throw ApplicationFailure.nonRetryable(
    `${declaration.name} is not made: what it would do now is not what was approved (${plan.summary}). Ask again`,
    'PlanChanged',
    detail,
  );
}

/**
 * Whoever's answer approved it: the last of them where there had to be several. A person is known by the address, also where the answer came
 * by a token of theirs or from Slack.
 */
export function approverOf({ answers }: Pick<Approval, 'answers'>): string | undefined {
  const answer = answers.findLast(({ decision }) => decision === 'approved');
  if (!answer) return undefined;
  const names = [answer.by, ...(answer.alsoKnownAs ?? [])];
  return names.find((name) => name.startsWith('person:')) ?? answer.by;
}

/** Before anything was done. The run asks people, and makes the call by their approval. */
function needsApproval({ declaration: { name, provider }, mode }: Call): ApplicationFailure {
  const detail: FailureDetail = { provider, effect: 'none' };
  return ApplicationFailure.nonRetryable(
    `${name} is not made yet: its trigger is in the mode ${mode}, and nobody has approved this call. Ask for it`,
    'NeedsApproval',
    detail,
  );
}
