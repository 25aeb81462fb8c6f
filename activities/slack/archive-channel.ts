import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { accept } from './failures.ts';
import { channelId } from './input.ts';

const inverse = { none: 'Slack lets no bot open an archived channel again' } as const;

/** Slack lets no bot open an archived channel again, and its name stays taken. */
export const archiveSlackChannel = defineActivity({
  name: 'archiveSlackChannel',
  kind: 'change',
  provider: 'slack',
  summary: 'Archives a channel',
  permissions: ['channels:manage', 'groups:write'],
  input: z.object({ connection: connectionName, actor, channelId }),
  output: z.object({ changed: z.boolean() }),
  example: { channelId: 'C0123456789' },
  inverse,
  async look({ connection, channelId }, { slack }) {
    await slack(connection);
    return {
      plan: {
        summary: `Archives the channel ${channelId}`,
        calls: [`conversations.archive channel=${channelId}`],
        values: {},
        after: { archived: true },
        inverse,
        output: { changed: true },
      },
    };
  },
  async act(_, { connection, channelId }, { slack, attempt }) {
    const api = (await slack(connection)).api(attempt.signal);
    const changed = await api.conversations
      .archive({ channel: channelId })
      .then(() => true)
      .catch(accept(['already_archived'], false));
    return { changed };
  },
});
