import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { parseAnswer, throwFailure } from './failures.ts';
import { channelId } from './input.ts';

/** The newest messages that are looked at. A thread counts with its first message. */
const mostMessages = 200;

const history = z.object({
  messages: z.array(
    z.object({
      ts: z.string(),
      user: z.string().optional(),
      bot_id: z.string().optional(),
      subtype: z.string().optional(),
      latest_reply: z.string().optional(),
      reply_users: z.array(z.string()).default([]),
    }),
  ),
});
type Message = z.output<typeof history>['messages'][number];

/** What people write with a file, to a channel from its thread, or about themselves is theirs all the same. */
const byPeople = [undefined, 'file_share', 'thread_broadcast', 'me_message'];

/** When a person last wrote into a channel or a thread in it, among its newest messages; bots and Slack itself do not count. */
export const findSlackLastMessage = defineActivity({
  name: 'findSlackLastMessage',
  kind: 'read',
  provider: 'slack',
  summary: 'Finds out when a person last wrote into a channel',
  permissions: ['channels:history', 'groups:history'],
  input: z.object({ connection: connectionName, channelId }),
  output: z.object({ at: z.string().nullable().describe('Null where no person has written') }),
  example: { channelId: 'C0123456789' },
  async run({ connection, channelId }, { slack, attempt }) {
    const client = await slack(connection);
    const api = client.api(attempt.signal);
    const { user_id: own } = await client.self(api);
    const answer = await api.conversations
      .history({ channel: channelId, limit: mostMessages })
      .catch(throwFailure);
    const { messages } = parseAnswer(answer, history);
    const times = messages.flatMap((message) => timesOf(message, own));
    const newest = Math.max(...times);
    return { at: times.length === 0 ? null : new Date(newest).toISOString() };
  },
});

/** When people have written the message, and last into its thread, in milliseconds since 1970. */
function timesOf({ ts, user, bot_id, subtype, latest_reply, reply_users }: Message, own: string): number[] {
  const isByPerson = user !== undefined && user !== own && !bot_id && byPeople.includes(subtype);
  // Of a thread Slack tells who has written, and not who wrote last.
  const isAnswered = latest_reply !== undefined && reply_users.some((id) => id !== own);
  return [...(isByPerson ? [ts] : []), ...(isAnswered ? [latest_reply] : [])].map(
    (time) => Number(time) * 1000,
  );
}
