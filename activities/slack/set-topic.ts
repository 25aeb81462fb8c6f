import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { oneLine } from '../../domain/text.ts';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { withMark } from './blocks.ts';
import { parseAnswer, throwFailure } from './failures.ts';
import { channelId, isPlanned } from './input.ts';
import { asMember, joiningFirst } from './membership.ts';
import { cut, escapeSlack } from './text.ts';

const maxTopic = 250;
const channelInfo = z.object({ channel: z.object({ topic: z.object({ value: z.string() }) }) });

/** Slack announces a new topic in the channel, so one that is there already is left alone. A long one is cut. */
export const setSlackTopic = defineActivity({
  name: 'setSlackTopic',
  kind: 'change',
  onlyTells: true,
  provider: 'slack',
  summary: 'Sets the topic of a channel',
  permissions: ['channels:read', 'groups:read', 'channels:manage', 'groups:write', 'channels:join'],
  input: z.object({ connection: connectionName, actor, channelId, text: z.string().max(10_000) }),
  output: z.object({ changed: z.boolean() }),
  example: { channelId: 'C0123456789', text: 'Checkout is slow: acknowledged by Ada Lopez' },
  inverse: { activity: 'setSlackTopic' },
  async look({ connection, channelId, text }, { slack, attempt }) {
    const api = (await slack(connection)).api(attempt.signal);
    const before = shown(await readTopic(api, channelId));
    const topic = topicOf(text, attempt.mark);
    if (before === shown(topic)) return { done: { changed: false } };
    return {
      plan: {
        summary: `Sets the topic of ${channelId} to "${shown(topic)}"`,
        calls: [`conversations.setTopic channel=${channelId} topic=${shown(topic)}${joiningFirst}`],
        values: {},
        before: { topic: before },
        after: { topic: shown(topic) },
        inverse: { activity: 'setSlackTopic', input: { connection, channelId, text: before } },
        output: { changed: true },
      },
    };
  },
  async act(_, { connection, channelId, text }, { slack, attempt }) {
    const api = (await slack(connection)).api(attempt.signal);
    const topic = topicOf(text, attempt.mark);
    await asMember(api, channelId, () => api.conversations.setTopic({ channel: channelId, topic })).catch(
      throwFailure,
    );
    return { changed: true };
  },
});

const topicOf = (text: string, mark: string | undefined) =>
  cut(withMark(escapeSlack(oneLine(text)), mark), maxTopic);

async function readTopic(api: WebClient, channelId: string): Promise<string> {
  if (isPlanned(channelId)) return '';
  const answer = await api.conversations.info({ channel: channelId }).catch(throwFailure);
  return parseAnswer(answer, channelInfo).channel.topic.value;
}

/** What people see of a topic: Slack hands it back with entities, and with the links that it found in it. */
function shown(topic: string): string {
  return topic
    .replace(/<(https?:[^|>]*)(\|[^>]*)?>/g, '$1')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
