import { sleep } from '@temporalio/workflow';
import type { ActivityFunctions } from '../activities/index.ts';
import type { Approval, Approvers } from '../domain/approval.ts';
import { incidentOfSubject } from '../domain/subject.ts';
import { steps } from './kit/activities.ts';
import { orUnavailable } from './kit/parts.ts';
import { roomOpened } from './kit/room.ts';
import { engine, healthy } from './kit/run.ts';
import { shownApproval } from './kit/shown-approval.ts';

export interface ShowApprovalInput {
  approvalId: string;
}

type Place = Parameters<ActivityFunctions['showSlackApproval']>[0]['place'];

/**
 * Brings what people see of an approval in Slack to how it stands now, for as long as Slack takes to be there. The run that asks waits
 * for nothing of it: who answers by command or API needs no Slack.
 */
export async function showApproval({ approvalId: id }: ShowApprovalInput): Promise<string> {
  const asked = await engine.findApproval({ id });
  if (!asked) return 'unknown approval';
  const people = await whomToCall(asked);
  const places = await placesFor(asked, people);
  if (places.length === 0) return 'nowhere to show it';
  for (const place of places) {
    // Meanwhile it may have been answered.
    const now = (await engine.findApproval({ id })) ?? asked;
    const { channelId, ts } = await steps.showSlackApproval({ place, approval: shownApproval(now, people) });
    await engine.showedApproval({ id, channelId, ts });
  }
  return healthy('shown');
}

/** How long the incident's room is waited for, which another run opens at the same time. */
const roomTries = 12;
const roomPause = '2 seconds';

/** Where it was shown before; else in the channel that the caller named, the incident's room, or to each approver. */
async function placesFor(approval: Approval, people: readonly string[]): Promise<Place[]> {
  const { messages, channelId, subject, state } = approval;
  if (messages.length > 0) return messages.map((message) => ({ channelId: message.channelId }));
  if (channelId !== undefined) return [{ channelId }];
  // One that ended before anybody saw it needs no message.
  if (state !== 'pending') return [];
  for (let tries = 1; subject !== undefined && tries <= roomTries; tries += 1) {
    const incident = incidentOfSubject(subject);
    const room = incident && (await roomOpened(incident));
    if (room) return [{ channelId: room.channelId }];
    if (tries < roomTries) await sleep(roomPause);
  }
  return people.map((userId) => ({ userId }));
}

/** The members of Slack who are asked by name or as on call, while it waits. Who cannot be found is not called, and may answer all the same. */
async function whomToCall({ approvers, state }: Approval): Promise<string[]> {
  if (state !== 'pending') return [];
  const found = await orUnavailable(() => usersOf(approvers));
  if ('unavailable' in found) return [];
  const slackUsers: string[] = [...found.slackUsers];
  for (const email of found.emails.slice(0, 20)) {
    const answer = await orUnavailable(() => steps.findSlackUser({ email }));
    if (!('unavailable' in answer) && answer.user && !answer.user.deleted) slackUsers.push(answer.user.id);
  }
  return [...new Set(slackUsers)];
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
    const { escalationPolicy } = await steps.readPagerDutyService({ serviceId: onCallOf });
    const escalationPolicyIds = escalationPolicy ? [escalationPolicy.id] : [];
    const { onCalls } =
      escalationPolicyIds.length > 0
        ? await steps.listPagerDutyOnCalls({ escalationPolicyIds })
        : { onCalls: [] };
    emails.push(...onCalls.filter(({ level }) => level === 1).flatMap(({ user }) => user.email ?? []));
  }
  const members = userGroup ? await steps.listSlackGroupMembers({ groupId: userGroup }) : { users: [] };
  return { emails: [...new Set(emails)], slackUsers: members.users.map(({ id }) => id) };
}
