import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { incidentId } from './input.ts';
import { carries, liveRooms } from './open-war-room.ts';

/**
 * Baton's own open channel whose purpose names the incident; none is an answer: `room` is null. Anybody can write an incident's id into the
 * purpose of a channel, so only those that Baton has made count.
 */
export const findSlackWarRoom = defineActivity({
  name: 'findSlackWarRoom',
  kind: 'read',
  provider: 'slack',
  summary: 'Finds the channel of an incident, and opens none',
  permissions: ['channels:read', 'groups:read'],
  input: z.object({ connection: connectionName, incidentId }),
  output: z.object({
    room: z.object({ channelId: z.string(), name: z.string(), url: z.string() }).nullable(),
  }),
  example: { incidentId: 'Q1DWGPWQ3Y9XJR' },
  async run({ connection, incidentId }, { slack, attempt }) {
    const client = await slack(connection);
    const api = client.api(attempt.signal);
    const { user_id, url } = await client.self(api);
    const [found] = await liveRooms(api, (room) => room.creator === user_id && carries(room, incidentId));
    return {
      room: found ? { channelId: found.id, name: found.name, url: `${url}archives/${found.id}` } : null,
    };
  },
});
