import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { channelId, messageTs } from './input.ts';
import { messageBody, messageContent } from './message.ts';
import { edit, editCall, orPost, permalinkOf, postOnce } from './post.ts';

const inverse = { none: 'what it said before is not kept' } as const;

/** A message that is gone, too old to be edited or not Baton's is posted anew: `ts` tells where it stands now. */
export const updateSlackMessage = defineActivity({
  name: 'updateSlackMessage',
  kind: 'change',
  onlyTells: true,
  provider: 'slack',
  summary: 'Replaces what a message says',
  permissions: ['chat:write', 'channels:history', 'groups:history', 'channels:join'],
  input: z.object({ connection: connectionName, actor, channelId, ts: messageTs, ...messageContent }),
  output: z.object({ changed: z.boolean(), ts: z.string(), permalink: z.string() }),
  example: { channelId: 'C0123456789', ts: '1700000000.000100', text: 'Restarted shop/checkout' },
  inverse,
  async look({ connection, channelId, ts, ...content }, { slack, attempt }) {
    const client = await slack(connection);
    const self = await client.self(client.api(attempt.signal));
    const place = { channelId };
    const editing = editCall({ channelId, ts }, messageBody(content, attempt.mark));
    return {
      plan: {
        summary: `Replaces what the message ${ts} in ${channelId} says`,
        calls: [`${editing}${orPost}`],
        values: {},
        inverse,
        output: { changed: true, ts, permalink: permalinkOf(self, place, ts) },
      },
    };
  },
  async act(_, { connection, channelId, ts, ...content }, { slack, attempt }) {
    const client = await slack(connection);
    const api = client.api(attempt.signal);
    const self = await client.self(api);
    const body = messageBody(content, attempt.mark);
    const place = { channelId };
    const outcome = (await edit(api, { channelId, ts }, body))
      ? { changed: true, ts }
      : await postOnce(api, place, body, attempt);
    return { ...outcome, permalink: permalinkOf(self, place, outcome.ts) };
  },
});
