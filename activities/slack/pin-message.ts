import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { accept } from './failures.ts';
import { channelId, messageTs } from './input.ts';
import { asMember, joiningFirst } from './membership.ts';

/** False where it was pinned already. */
export function pin(api: WebClient, channelId: string, ts: string): Promise<boolean> {
  const add = () => api.pins.add({ channel: channelId, timestamp: ts }).then(() => true);
  return asMember(api, channelId, add).catch(accept(['already_pinned'], false));
}

/** The call of `pin`, for a plan. */
export const pinCall = (channelId: string, ts: string) => `pins.add channel=${channelId} timestamp=${ts}`;

const inverse = { none: 'Baton takes no pins away' } as const;

export const pinSlackMessage = defineActivity({
  name: 'pinSlackMessage',
  kind: 'change',
  onlyTells: true,
  provider: 'slack',
  summary: 'Pins a message to its channel',
  permissions: ['pins:write', 'channels:join'],
  input: z.object({ connection: connectionName, actor, channelId, ts: messageTs }),
  output: z.object({ changed: z.boolean() }),
  example: { channelId: 'C0123456789', ts: '1700000000.000100' },
  inverse,
  async look({ connection, channelId, ts }, { slack }) {
    await slack(connection);
    return {
      plan: {
        summary: `Pins the message ${ts} to ${channelId}`,
        calls: [`${pinCall(channelId, ts)}${joiningFirst}`],
        values: {},
        after: { pinned: true },
        inverse,
        output: { changed: true },
      },
    };
  },
  async act(_, { connection, channelId, ts }, { slack, attempt }) {
    const api = (await slack(connection)).api(attempt.signal);
    return { changed: await pin(api, channelId, ts) };
  },
});
