import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { openConversation } from './conversation.ts';
import { planned, userId } from './input.ts';
import { messageBody, messageContent } from './message.ts';
import { permalinkOf, postCall, postOnce } from './post.ts';

const inverse = { none: 'it has been read: a new message can correct it' } as const;

export const sendSlackDirectMessage = defineActivity({
  name: 'sendSlackDirectMessage',
  kind: 'change',
  onlyTells: true,
  provider: 'slack',
  summary: 'Sends a message to one person',
  permissions: ['chat:write', 'im:write', 'im:history'],
  input: z.object({ connection: connectionName, actor, userId, ...messageContent }),
  output: z.object({
    changed: z.boolean(),
    channelId: z.string(),
    ts: z.string(),
    permalink: z.string(),
  }),
  example: { userId: 'U0123456789', text: 'You are on call for checkout, which is failing' },
  inverse,
  async look({ connection, userId, ...content }, { slack, attempt }) {
    const client = await slack(connection);
    const self = await client.self(client.api(attempt.signal));
    // Which conversation it is, and so what was posted there, Slack tells only when it opens it.
    const place = { channelId: planned.conversationId };
    return {
      plan: {
        summary: `Sends a message to ${userId}`,
        calls: [
          `conversations.open users=${userId}`,
          postCall({ channelId: `the conversation with ${userId}` }, messageBody(content, attempt.mark)),
        ],
        values: {},
        inverse,
        output: {
          changed: true,
          ...place,
          ts: planned.ts,
          permalink: permalinkOf(self, place, planned.ts),
        },
      },
    };
  },
  async act(_, { connection, userId, ...content }, { slack, attempt }) {
    const client = await slack(connection);
    const api = client.api(attempt.signal);
    const self = await client.self(api);
    const channelId = await openConversation(api, userId);
    const { changed, ts } = await postOnce(api, { channelId }, messageBody(content, attempt.mark), attempt);
    return { changed, channelId, ts, permalink: permalinkOf(self, { channelId }, ts) };
  },
});
