import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { channelId, userId } from './input.ts';
import { messageBody, messageContent } from './message.ts';
import { postEphemeral } from './post.ts';
import { cut } from './text.ts';

const inverse = { none: 'it has been read, and Slack keeps no such message' } as const;

/** Slack keeps no such message, so it cannot be looked for: a repeat may show it twice. */
export const postSlackEphemeral = defineActivity({
  name: 'postSlackEphemeral',
  kind: 'change',
  provider: 'slack',
  summary: 'Shows a message in a channel to one person only',
  permissions: ['chat:write'],
  input: z.object({ connection: connectionName, actor, channelId, userId, ...messageContent }),
  output: z.object({ changed: z.boolean() }),
  example: { channelId: 'C0123456789', userId: 'U0123456789', text: 'The incident is resolved already' },
  inverse,
  async look({ connection, channelId, userId, text }, { slack }) {
    await slack(connection);
    return {
      plan: {
        summary: `Shows a message in ${channelId} to ${userId} only`,
        calls: [`chat.postEphemeral channel=${channelId} user=${userId} ${JSON.stringify(cut(text, 100))}`],
        values: {},
        inverse,
        output: { changed: true },
      },
    };
  },
  async act(_, { connection, channelId, userId, ...content }, { slack, attempt }) {
    const api = (await slack(connection)).api(attempt.signal);
    await postEphemeral(api, channelId, userId, messageBody(content, attempt.mark));
    return { changed: true };
  },
});
