import type { ActivityFunctions } from '../../activities/index.ts';
import { type Approval, type Approvers, onCallText, type PlannedCall } from '../../domain/approval.ts';
import { oneLine } from '../../domain/text.ts';

/** As Slack shows it. */
export type ShownApproval = Parameters<ActivityFunctions['showSlackApproval']>[0]['approval'];

/** What people see of an approval. `mention`: whom it calls while it waits. */
export function shownApproval(approval: Approval, mention: string[]): ShownApproval {
  const { id, state, summary, calls, workflow, requestedBy, approvers, closedBecause } = approval;
  const { required, reasonRequired, overridesGuards, answers, expiresAt } = approval;
  return {
    id,
    state,
    summary,
    calls: calls.map(callShown),
    askedBy: [workflow, ...requestedBy.map((name) => `for ${name}`)].join(' '),
    approvers: inWords(approvers),
    mention: state === 'pending' ? mention : [],
    required,
    reasonRequired,
    overridesGuards,
    answers: answers.map(({ name, decision, via, at, reason }) => ({
      name,
      decision,
      via,
      at,
      ...(reason ? { reason } : {}),
    })),
    expiresAt,
    ...(closedBecause ? { closedBecause } : {}),
  };
}

/** What people are reminded with. */
export const reminderOf = ({ summary, expiresAt }: Pick<Approval, 'summary' | 'expiresAt'>) =>
  `This still waits for an answer: ${oneLine(summary)}. It expires at ${expiresAt}.`;

function callShown({
  summary,
  calls,
  targets,
  before,
  after,
  dryRun,
  inverse,
}: PlannedCall): ShownApproval['calls'][number] {
  return {
    summary,
    calls: [...calls],
    targets: [...targets],
    ...(before === undefined ? {} : { before: JSON.stringify(before) }),
    ...(after === undefined ? {} : { after: JSON.stringify(after) }),
    ...(dryRun === undefined ? {} : { dryRun: dryRun.said }),
    undo:
      'none' in inverse
        ? `It cannot be taken back: ${inverse.none}.`
        : `It can be taken back by ${inverse.activity}.`,
  };
}

/** Who may answer, as people read it. No list at all asks whoever has the right to; an empty one, nobody. */
export function inWords(approvers: Approvers, all = 'whoever may decide approvals in Baton'): string {
  const { userIds = [], userGroup, pagerDutyTeam, onCallOf, role } = approvers;
  const lists = [
    ...(onCallOf ? [`who is ${onCallText(onCallOf)} for the service`] : []),
    ...(userIds.length > 0
      ? [`${userIds.length === 1 ? 'one person' : `${userIds.length} people`} by name`]
      : []),
    ...(userGroup ? ['the user group in Slack'] : []),
    ...(pagerDutyTeam ? ['the team in PagerDuty'] : []),
    ...(role ? [`whoever is ${role} in Baton`] : []),
  ];
  const asksAll = Object.values(approvers).every((list) => list === undefined);
  return lists.join('; ') || (asksAll ? all : 'nobody');
}
