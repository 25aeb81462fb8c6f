import { describe, expect, it } from 'vitest';
import { findSlackRoomIncident } from '../../../activities/slack/find-room-incident.ts';
import { openSlackWarRoom } from '../../../activities/slack/open-war-room.ts';
import { startWorkspace } from './workspace.ts';

describe('findSlackRoomIncident', () => {
  it.each([
    ['Q1DWGPWQ3Y9XJR', { connection: 'default', incidentId: 'Q1DWGPWQ3Y9XJR' }],
    ['eu-Q1DWGPWQ3Y9XJR', { connection: 'eu', incidentId: 'Q1DWGPWQ3Y9XJR' }],
  ])('reads the incident %s of a room that Baton has opened', async (incidentId, incident) => {
    const { run } = await startWorkspace();
    const { channelId } = await run(openSlackWarRoom, { incidentId, number: 42, title: 'slow' });
    expect(await run(findSlackRoomIncident, { channelId })).toEqual({ incident });
  });

  it.each([
    ['somebody else has made', { creator: 'U0ADA' }],
    ['has another purpose', { purpose: 'Q1DWGPWQ3Y9XJR' }],
  ])('takes no channel for a room that %s', async (_, change) => {
    const { simulator, run } = await startWorkspace();
    const { channelId } = await run(openSlackWarRoom, {
      incidentId: 'Q1DWGPWQ3Y9XJR',
      number: 42,
      title: 'slow',
    });
    Object.assign(simulator.world.channels.find(({ id }) => id === channelId) ?? {}, change);
    expect(await run(findSlackRoomIncident, { channelId })).toEqual({ incident: null });
  });

  it('knows nothing of a channel that Baton cannot see', async () => {
    const { run } = await startWorkspace();
    expect(await run(findSlackRoomIncident, { channelId: 'D0SOMEBODY' })).toEqual({ incident: null });
  });
});
