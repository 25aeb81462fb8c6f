import { steps } from './activities.ts';
import { orUnavailable } from './parts.ts';
import { roomOpened } from './room.ts';

/** Who was called, by their ids in Slack, and where. */
export interface CalledInSlack {
  inRoom: string[];
  directly: string[];
  /** Whom Slack did not let Baton reach. */
  not: string[];
}

/** A message calls no more people than that. */
const mostPeople = 20;

/**
 * Calls people in Slack to an incident: they are invited to its room and mentioned there; whoever cannot be, or where there is no room, by a
 * direct message.
 */
export async function callInSlack(
  incident: { connection: string; incidentId: string },
  slackUserIds: readonly string[],
  said: { text: string; links?: { text: string; url: string }[] },
): Promise<CalledInSlack> {
  const people = [...new Set(slackUserIds)].slice(0, mostPeople);
  const inRoom = await mentioned(incident, people, said);
  const directly: string[] = [];
  const not: string[] = [];
  for (const userId of people.filter((id) => !inRoom.includes(id))) {
    const sent = await orUnavailable(() => steps.sendSlackDirectMessage({ userId, ...said }));
    if ('unavailable' in sent) not.push(userId);
    else directly.push(userId);
  }
  return { inRoom, directly, not };
}

/** Who of them is in the room now, and was mentioned there. */
async function mentioned(
  incident: { connection: string; incidentId: string },
  people: string[],
  said: { text: string; links?: { text: string; url: string }[] },
): Promise<string[]> {
  const room = await roomOpened(incident);
  if (!room || people.length === 0) return [];
  const { channelId } = room;
  const there = await orUnavailable(() => steps.inviteSlackUsers({ channelId, userIds: people }));
  if ('unavailable' in there || there.invited.length === 0) return [];
  const mention = there.invited;
  const posted = await orUnavailable(() => steps.postSlackMessage({ channelId, mention, ...said }));
  return 'unavailable' in posted ? [] : mention;
}
