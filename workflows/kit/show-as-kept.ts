import type { ActivityFunctions } from '../../activities/index.ts';
import type { Approval, ApprovalMessage } from '../../domain/approval.ts';
import type { Question } from '../../domain/question.ts';
import { steps } from './activities.ts';
import type { Parts } from './parts.ts';
import { engine } from './run.ts';
import { shownApproval } from './shown-approval.ts';
import { shownQuestion } from './shown-question.ts';

/** What a run asks people. */
export type AskedOfPeople = Approval | Question;
/** Which one. */
export type AskedId = { approvalId: string } | { questionId: string };

/** As it is kept now. */
export const keptOf = (of: AskedId): Promise<AskedOfPeople | undefined> =>
  'questionId' in of
    ? engine.findQuestion({ id: of.questionId })
    : engine.findApproval({ id: of.approvalId });

/** A channel, or the conversation with a person. */
export type Place = Parameters<ActivityFunctions['showSlackApproval']>[0]['place'];

/**
 * Shows an approval or a question in one place as it is kept, and again until that is what is shown: it may be answered while Slack is away, and whoever
 * tells of the answer finds no message yet. A place that Slack refuses is a problem, and keeps it from no other one.
 */
export async function showAsKept(
  place: Place,
  of: AskedId,
  mention: string[],
  { part }: Parts,
): Promise<ApprovalMessage | undefined> {
  const name = 'userId' in place ? `Direct message to ${place.userId}` : `Channel ${place.channelId}`;
  let shown: ApprovalMessage | undefined;
  for (let now = await keptOf(of); now; ) {
    const asked = now;
    const at = shown ? { channelId: shown.channelId } : place;
    const posted = await part(name, () => show(asked, at, mention));
    if (!posted) return shown;
    const { channelId, ts } = posted;
    shown = { channelId, ts };
    const showed = { id: asked.id, ...shown };
    await ('questionId' in of ? engine.showedQuestion(showed) : engine.showedApproval(showed));
    const kept = await keptOf(of);
    if (!kept || isAsShown(kept, now)) return shown;
    now = kept;
  }
  return shown;
}

const show = (asked: AskedOfPeople, place: Place, mention: string[]): Promise<ApprovalMessage> =>
  'calls' in asked
    ? steps.showSlackApproval({ place, approval: shownApproval(asked, mention) })
    : steps.showSlackQuestion({ place, question: shownQuestion(asked, mention) });

const isAsShown = (kept: AskedOfPeople, shown: AskedOfPeople) =>
  kept.state === shown.state && kept.answers.length === shown.answers.length;
