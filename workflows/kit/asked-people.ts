import { type Approval, type Approvers, onCallIn } from '../../domain/approval.ts';
import { steps } from './activities.ts';
import { orUnavailable } from './parts.ts';
import { engine } from './run.ts';

/** An approval or a question calls no more people than that. */
export const mostAsked = 20;

/** The members of Slack who are asked by name, as on call or in a group. Who cannot be found is not called, and may answer all the same. */
export async function askedByName({ approvers }: Pick<Approval, 'approvers'>): Promise<string[]> {
  const found = await orUnavailable(() => usersOf(approvers));
  if ('unavailable' in found) return [];
  return [...new Set([...found.slackUsers, ...(await inSlack(found.emails))])];
}

async function inSlack(emails: readonly string[]): Promise<string[]> {
  const slackUsers: string[] = [];
  for (const email of emails.slice(0, mostAsked)) {
    const answer = await orUnavailable(() => steps.findSlackUser({ email }));
    if (!('unavailable' in answer) && answer.user && !answer.user.deleted) slackUsers.push(answer.user.id);
  }
  return slackUsers;
}

async function usersOf({
  userIds = [],
  onCallOf,
  userGroup,
}: Approvers): Promise<{ emails: string[]; slackUsers: string[] }> {
  const emails: string[] = [];
  for (const userId of userIds) {
    const user = await orUnavailable(() => steps.readPagerDutyUser({ userId }));
    if (!('unavailable' in user) && user.user?.email) emails.push(user.user.email);
  }
  if (onCallOf !== undefined) {
    // Of all levels the first is called, and the others may answer.
    const { service: serviceId, level = 1 } = onCallIn(onCallOf);
    const { escalationPolicy } = await steps.readPagerDutyService({ serviceId });
    const escalationPolicyIds = escalationPolicy ? [escalationPolicy.id] : [];
    const { onCalls } =
      escalationPolicyIds.length > 0
        ? await steps.listPagerDutyOnCalls({ escalationPolicyIds })
        : { onCalls: [] };
    emails.push(...onCalls.filter((each) => each.level === level).flatMap(({ user }) => user.email ?? []));
  }
  const members = userGroup ? await steps.listSlackGroupMembers({ groupId: userGroup }) : { users: [] };
  return { emails: [...new Set(emails)], slackUsers: members.users.map(({ id }) => id) };
}

/** The members of Slack who are asked as people of a team in PagerDuty. */
export async function askedByTeam({
  approvers: { pagerDutyTeam: teamId },
}: Pick<Approval, 'approvers'>): Promise<string[]> {
  if (teamId === undefined) return [];
  const team = await orUnavailable(() => steps.listPagerDutyTeamMembers({ teamId }));
  return 'unavailable' in team ? [] : inSlack(team.users.map(({ email }) => email));
}

/** The members of Slack who are asked by their role in Baton. No list at all asks whoever may decide. */
export async function askedByRole({ id }: Pick<Approval, 'id'>): Promise<string[]> {
  return inSlack(await engine.peopleByRole({ id, limit: mostAsked }));
}
