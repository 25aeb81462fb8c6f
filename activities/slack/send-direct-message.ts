import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { parseAnswer, throwFailure } from './failures.ts';
import { userId } from './input.ts';
import { messageBody, messageContent } from './message.ts';
import { permalinkOf, postOnce } from './post.ts';

const opened = z.object({ channel: z.object({ id: z.string() }) });

/** Opening the conversation is safe to repeat: Slack answers with the one that is open. */
export const sendSlackDirectMessage = defineActivity({
  name: 'sendSlackDirectMessage',
  kind: 'change',
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
  async run({ connection, userId, ...content }, { slack, attempt }) {
    const client = await slack(connection);
    const api = client.api(attempt.signal);
    const self = await client.self(api);
    const answer = await api.conversations.open({ users: userId }).catch(throwFailure);
    const channelId = parseAnswer(answer, opened).channel.id;
    const { changed, ts } = await postOnce(api, { channelId }, messageBody(content, attempt.mark), attempt);
    return { changed, channelId, ts, permalink: permalinkOf(self, { channelId }, ts) };
  },
});
