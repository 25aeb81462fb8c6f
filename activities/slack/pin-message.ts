import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { accept } from './failures.ts';
import { channelId, messageTs } from './input.ts';
import { asMember } from './membership.ts';

/** False where it was pinned already. */
export function pin(api: WebClient, channelId: string, ts: string): Promise<boolean> {
  const add = () => api.pins.add({ channel: channelId, timestamp: ts }).then(() => true);
  return asMember(api, channelId, add).catch(accept(['already_pinned'], false));
}

export const pinSlackMessage = defineActivity({
  name: 'pinSlackMessage',
  kind: 'change',
  provider: 'slack',
  summary: 'Pins a message to its channel',
  permissions: ['pins:write', 'channels:join'],
  input: z.object({ connection: connectionName, actor, channelId, ts: messageTs }),
  output: z.object({ changed: z.boolean() }),
  async run({ connection, channelId, ts }, { slack, attempt }) {
    const api = (await slack(connection)).api(attempt.signal);
    return { changed: await pin(api, channelId, ts) };
  },
});
