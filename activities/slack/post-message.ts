import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { channelId, messageTs, planned } from './input.ts';
import { joinCalls, lookInto } from './membership.ts';
import { mention, messageBody, messageContent } from './message.ts';
import { findPosted, permalinkOf, postCall, postOnce, postUnderKey } from './post.ts';

const inverse = { none: 'it has been read: a new message can correct it' } as const;

export const postSlackMessage = defineActivity({
  name: 'postSlackMessage',
  kind: 'change',
  onlyTells: true,
  provider: 'slack',
  summary: 'Posts a message to a channel, or to a thread in it',
  permissions: ['chat:write', 'chat:write.public', 'channels:history', 'groups:history', 'channels:join'],
  input: z.object({
    connection: connectionName,
    actor,
    channelId,
    ...messageContent,
    mention,
    /** The message whose thread this one belongs to. */
    threadTs: messageTs.optional(),
  }),
  output: z.object({ changed: z.boolean(), ts: z.string(), permalink: z.string() }),
  example: { channelId: 'C0123456789', text: 'Restarting shop/checkout' },
  inverse,
  async look({ connection, channelId, threadTs, ...content }, { slack, attempt }) {
    const client = await slack(connection);
    const api = client.api(attempt.signal);
    const self = await client.self(api);
    const place = { channelId, threadTs };
    const looked = await lookInto(channelId, () => findPosted(api, place, attempt), undefined);
    const earlier = looked.hidden ? undefined : looked.seen;
    if (earlier)
      return {
        done: { changed: false, ts: earlier.ts, permalink: permalinkOf(self, place, earlier.ts) },
      };
    const calls = [
      ...joinCalls(looked.hidden, channelId),
      postCall(place, messageBody(content, attempt.mark)),
    ];
    const called = content.mention.length > 0 ? `, and calls ${content.mention.join(', ')}` : '';
    return {
      plan: {
        summary: `Posts a message to ${channelId}${threadTs ? `, in the thread of ${threadTs}` : ''}${called}`,
        calls,
        values: { hidden: looked.hidden },
        inverse,
        output: { changed: true, ts: planned.ts, permalink: permalinkOf(self, place, planned.ts) },
      },
    };
  },
  async act({ values: { hidden } }, { connection, channelId, threadTs, ...content }, { slack, attempt }) {
    const client = await slack(connection);
    const api = client.api(attempt.signal);
    const self = await client.self(api);
    const place = { channelId, threadTs };
    const body = messageBody(content, attempt.mark);
    const { changed, ts } = hidden
      ? await postOnce(api, place, body, attempt)
      : { changed: true, ts: await postUnderKey(api, place, body, attempt) };
    return { changed, ts, permalink: permalinkOf(self, place, ts) };
  },
});
