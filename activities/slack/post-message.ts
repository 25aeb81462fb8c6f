import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { channelId, messageTs } from './input.ts';
import { messageBody, messageContent } from './message.ts';
import { permalinkOf, postOnce } from './post.ts';

export const postSlackMessage = defineActivity({
  name: 'postSlackMessage',
  kind: 'change',
  provider: 'slack',
  summary: 'Posts a message to a channel, or to a thread in it',
  permissions: ['chat:write', 'chat:write.public', 'channels:history', 'groups:history', 'channels:join'],
  input: z.object({
    connection: connectionName,
    actor,
    channelId,
    ...messageContent,
    /** The message whose thread this one belongs to. */
    threadTs: messageTs.optional(),
  }),
  output: z.object({ changed: z.boolean(), ts: z.string(), permalink: z.string() }),
  async run({ connection, channelId, threadTs, ...content }, { slack, attempt }) {
    const client = await slack(connection);
    const api = client.api(attempt.signal);
    const self = await client.self(api);
    const place = { channelId, threadTs };
    const { changed, ts } = await postOnce(api, place, messageBody(content, attempt.mark), attempt);
    return { changed, ts, permalink: permalinkOf(self, place, ts) };
  },
});
