import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { failureFor, isAboutInput, refusalOf } from './failures.ts';
import { channelId, userId } from './input.ts';

/** Refusals that concern the channel, and so everybody. */
const aboutChannel: readonly string[] = [
  'channel_not_found',
  'is_archived',
  'not_in_channel',
  'method_not_supported_for_channel_type',
];

const inverse = { none: 'Baton removes nobody from a channel' } as const;

/**
 * Slack refuses a list of people as a whole when one of them cannot be invited: then they are invited one by one, and
 * those that cannot be are told with Slack's reason. Who is in the channel already counts as invited.
 */
export const inviteSlackUsers = defineActivity({
  name: 'inviteSlackUsers',
  kind: 'change',
  onlyTells: true,
  provider: 'slack',
  summary: 'Invites people to a channel',
  permissions: ['channels:manage', 'groups:write'],
  input: z.object({ connection: connectionName, actor, channelId, userIds: z.array(userId).max(100) }),
  output: z.object({
    changed: z.boolean(),
    invited: z.array(z.string()),
    notInvited: z.array(z.object({ userId: z.string(), reason: z.string() })),
  }),
  example: { channelId: 'C0123456789', userIds: ['U0123456789'] },
  inverse,
  async look({ connection, channelId, userIds }, { slack }) {
    await slack(connection);
    const people = [...new Set(userIds)];
    if (people.length === 0) return { done: { changed: false, invited: [], notInvited: [] } };
    const inTurn = people.length > 1 ? ' (one by one, where Slack refuses one of them)' : '';
    return {
      plan: {
        summary: `Invites ${people.join(', ')} to ${channelId}`,
        calls: [`conversations.invite channel=${channelId} users=${people.join(',')}${inTurn}`],
        values: { people },
        inverse,
        output: { changed: true, invited: people, notInvited: [] },
      },
    };
  },
  async act({ values: { people } }, { connection, channelId }, { slack, attempt }) {
    const api = (await slack(connection)).api(attempt.signal);
    if (people.length > 1 && (await invite(api, channelId, people)) === 'invited')
      return { changed: true, invited: people, notInvited: [] };

    const outcomes: { userId: string; outcome: string }[] = [];
    for (const userId of people) outcomes.push({ userId, outcome: await invite(api, channelId, [userId]) });
    const isIn = (outcome: string) => outcome === 'invited' || outcome === 'already_in_channel';
    return {
      changed: outcomes.some(({ outcome }) => outcome === 'invited'),
      invited: outcomes.filter(({ outcome }) => isIn(outcome)).map(({ userId }) => userId),
      notInvited: outcomes
        .filter(({ outcome }) => !isIn(outcome))
        .map(({ userId, outcome }) => ({ userId, reason: outcome })),
    };
  },
});

/** `invited`, or Slack's reason why one of these people cannot be. */
async function invite(api: WebClient, channel: string, users: readonly string[]): Promise<string> {
  try {
    await api.conversations.invite({ channel, users: users.join(',') });
    return 'invited';
  } catch (error) {
    const word = refusalOf(error);
    if (word === undefined || !isAboutInput(word) || aboutChannel.includes(word)) throw failureFor(error);
    return word;
  }
}
