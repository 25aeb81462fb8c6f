import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { channelId } from './input.ts';
import { readRoomIncident } from './room-incident.ts';

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
    return { incident: await readRoomIncident(client, channelId, signal) };
  },
});
