import { z } from 'zod';
import { incidentOfMark } from '../../domain/subject.ts';
import type { Slack } from './client.ts';
import { accept, parseAnswer } from './failures.ts';
import { incidentInPurpose } from './room-purpose.ts';

const answered = z.object({
  channel: z.object({
    creator: z.string().optional(),
    purpose: z.object({ value: z.string() }).default({ value: '' }),
  }),
});

/** The incident whose room the channel is; null for any other channel. */
export async function readRoomIncident(
  client: Pick<Slack, 'api' | 'self'>,
  channelId: string,
  signal: AbortSignal,
): Promise<{ connection: string; incidentId: string } | null> {
  const api = client.api(signal);
  const self = await client.self(api);
  const answer = await api.conversations
    .info({ channel: channelId })
    .catch(accept(['channel_not_found', 'missing_scope'], undefined));
  if (!answer) return null;
  const { creator, purpose } = parseAnswer(answer, answered).channel;
  const mark = creator === self.user_id ? incidentInPurpose(purpose.value) : undefined;
  return mark === undefined ? null : (incidentOfMark(mark) ?? null);
}
