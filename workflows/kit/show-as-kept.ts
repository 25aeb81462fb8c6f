import type { ActivityFunctions } from '../../activities/index.ts';
import type { Approval, ApprovalMessage } from '../../domain/approval.ts';
import { steps } from './activities.ts';
import type { Parts } from './parts.ts';
import { engine } from './run.ts';
import { shownApproval } from './shown-approval.ts';

/** A channel, or the conversation with a person. */
export type ApprovalPlace = Parameters<ActivityFunctions['showSlackApproval']>[0]['place'];

/**
 * Shows an approval in one place as it is kept, and again until that is what is shown: it may be answered while Slack is away, and whoever
 * tells of the answer finds no message yet. A place that Slack refuses is a problem, and keeps it from no other one.
 */
export async function showAsKept(
  place: ApprovalPlace,
  id: string,
  mention: string[],
  { part }: Parts,
): Promise<ApprovalMessage | undefined> {
  const name = 'userId' in place ? `Direct message to ${place.userId}` : `Channel ${place.channelId}`;
  let shown: ApprovalMessage | undefined;
  for (let now = await engine.findApproval({ id }); now; ) {
    const approval = shownApproval(now, mention);
    const at = shown ? { channelId: shown.channelId } : place;
    const posted = await part(name, () => steps.showSlackApproval({ place: at, approval }));
    if (!posted) return shown;
    const { channelId, ts } = posted;
    shown = { channelId, ts };
    await engine.showedApproval({ id, ...shown });
    const kept = await engine.findApproval({ id });
    if (!kept || isAsShown(kept, now)) return shown;
    now = kept;
  }
  return shown;
}

const isAsShown = (kept: Approval, shown: Approval) =>
  kept.state === shown.state && kept.answers.length === shown.answers.length;
