import { z } from 'zod';
import { incidentOfMark } from '../../domain/subject.ts';
import { connectionName, defineActivity } from '../activity.ts';
import { accept, parseAnswer } from './failures.ts';
import { channelId } from './input.ts';
import { incidentInPurpose } from './room-purpose.ts';

const answered = z.object({
  channel: z.object({
    creator: z.string().optional(),
    purpose: z.object({ value: z.string() }).default({ value: '' }),
  }),
});

/**
 * The incident whose war room a channel is: the one that Baton wrote into the purpose when it opened the room. Anybody can write a purpose, so it
 * counts only in a channel that Baton has made. `incident` is null for any other channel, and for one that Baton cannot see.
 */
export const findSlackRoomIncident = defineActivity({
  name: 'findSlackRoomIncident',
  kind: 'read',
  provider: 'slack',
  summary: 'Finds the incident whose war room a channel is',
  permissions: ['channels:read', 'groups:read'],
  input: z.object({ connection: connectionName, channelId }),
  output: z.object({
    incident: z
      .object({
        connection: z.string().describe('The PagerDuty account that the incident is of'),
        incidentId: z.string(),
      })
      .nullable(),
  }),
  example: { channelId: 'C0123456789' },
  async run({ connection, channelId }, { slack, attempt: { signal } }) {
    const client = await slack(connection);
    const api = client.api(signal);
    const self = await client.self(api);
    const answer = await api.conversations
      .info({ channel: channelId })
      .catch(accept(['channel_not_found', 'missing_scope'], undefined));
    if (!answer) return { incident: null };
    const { creator, purpose } = parseAnswer(answer, answered).channel;
    const mark = creator === self.user_id ? incidentInPurpose(purpose.value) : undefined;
    return { incident: mark === undefined ? null : (incidentOfMark(mark) ?? null) };
  },
});
