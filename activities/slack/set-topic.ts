import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { withMark } from './blocks.ts';
import { parseAnswer, throwFailure } from './failures.ts';
import { channelId } from './input.ts';
import { asMember } from './membership.ts';
import { cut, escapeSlack, oneLine } from './text.ts';

const maxTopic = 250;
const channelInfo = z.object({ channel: z.object({ topic: z.object({ value: z.string() }) }) });

/** Slack announces a new topic in the channel, so one that is there already is left alone. A long one is cut. */
export const setSlackTopic = defineActivity({
  name: 'setSlackTopic',
  kind: 'change',
  provider: 'slack',
  summary: 'Sets the topic of a channel',
  permissions: ['channels:read', 'groups:read', 'channels:manage', 'groups:write', 'channels:join'],
  input: z.object({ connection: connectionName, actor, channelId, text: z.string().max(10_000) }),
  output: z.object({ changed: z.boolean() }),
  async run({ connection, channelId, text }, { slack, attempt }) {
    const api = (await slack(connection)).api(attempt.signal);
    const topic = cut(withMark(escapeSlack(oneLine(text)), attempt.mark), maxTopic);
    const answer = await api.conversations.info({ channel: channelId }).catch(throwFailure);
    if (shown(parseAnswer(answer, channelInfo).channel.topic.value) === shown(topic))
      return { changed: false };
    await asMember(api, channelId, () => api.conversations.setTopic({ channel: channelId, topic })).catch(
      throwFailure,
    );
    return { changed: true };
  },
});

/** What people see of a topic: Slack hands it back with entities, and with the links that it found in it. */
function shown(topic: string): string {
  return topic
    .replace(/<(https?:[^|>]*)(\|[^>]*)?>/g, '$1')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
