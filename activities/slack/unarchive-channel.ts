import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { accept, parseAnswer, throwFailure } from './failures.ts';
import { channelId, isPlanned } from './input.ts';

/**
 * Opens an archived channel again, and joins it where Baton is no member any more. Slack has refused this to bots since 2020
 * (https://docs.slack.dev/reference/methods/conversations.unarchive, "bug alert"), with `not_in_channel`: whoever calls this needs another
 * way for that case. A channel that is open already is left alone.
 */
export const unarchiveSlackChannel = defineActivity({
  name: 'unarchiveSlackChannel',
  kind: 'change',
  onlyTells: true,
  provider: 'slack',
  summary: 'Opens an archived channel again',
  permissions: ['channels:manage', 'channels:read', 'channels:join', 'groups:write', 'groups:read'],
  input: z.object({ connection: connectionName, actor, channelId }),
  output: z.object({ changed: z.boolean() }),
  example: { channelId: 'C0123456789' },
  inverse: { activity: 'archiveSlackChannel' },
  async look({ connection, channelId }, { slack, attempt }) {
    const api = (await slack(connection)).api(attempt.signal);
    const { archived, member } = await readState(api, channelId);
    if (!archived && member) return { done: { changed: false } };
    return {
      plan: {
        summary: archived ? `Opens the channel ${channelId} again` : `Joins the channel ${channelId}`,
        calls: [
          ...(archived ? [`conversations.unarchive channel=${channelId}`] : []),
          `conversations.join channel=${channelId}`,
        ],
        values: { archived },
        before: { archived },
        after: { archived: false },
        inverse: archived
          ? { activity: 'archiveSlackChannel', input: { connection, channelId } }
          : { none: 'Baton leaves no channel' },
        output: { changed: true },
      },
    };
  },
  async act({ values: { archived } }, { connection, channelId: channel }, { slack, attempt }) {
    const api = (await slack(connection)).api(attempt.signal);
    if (archived) await api.conversations.unarchive({ channel }).catch(accept(['not_archived'], undefined));
    // Archiving took Baton out of it. A private channel cannot be joined: there Slack adds whoever opens it.
    await api.conversations
      .join({ channel })
      .catch(accept(['method_not_supported_for_channel_type'], undefined));
    return { changed: true };
  },
});

const state = z.object({
  channel: z.object({ is_archived: z.boolean().default(false), is_member: z.boolean().default(true) }),
});

async function readState(api: WebClient, channel: string) {
  if (isPlanned(channel)) return { archived: false, member: true };
  const { channel: found } = parseAnswer(
    await api.conversations.info({ channel }).catch(throwFailure),
    state,
  );
  return { archived: found.is_archived, member: found.is_member };
}
