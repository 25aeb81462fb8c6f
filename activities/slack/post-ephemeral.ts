import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { channelId, userId } from './input.ts';
import { messageBody, messageContent } from './message.ts';
import { postEphemeral } from './post.ts';

/** Slack keeps no such message, so it cannot be looked for: a repeat may show it twice. */
export const postSlackEphemeral = defineActivity({
  name: 'postSlackEphemeral',
  kind: 'change',
  provider: 'slack',
  summary: 'Shows a message in a channel to one person only',
  permissions: ['chat:write'],
  input: z.object({ connection: connectionName, actor, channelId, userId, ...messageContent }),
  output: z.object({ changed: z.boolean() }),
  async run({ connection, channelId, userId, ...content }, { slack, attempt }) {
    const api = (await slack(connection)).api(attempt.signal);
    await postEphemeral(api, channelId, userId, messageBody(content, attempt.mark));
    return { changed: true };
  },
});
