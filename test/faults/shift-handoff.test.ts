import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acknowledgeAs, raiseIncident, resolveAs } from '../../simulator/pagerduty.ts';
import { productionIncident } from '../../triggers/production-incident.ts';
import { shiftHandoffTrigger } from '../../triggers/shift-handoff.ts';
import { shiftLook } from '../fixtures/shift-look.ts';
import { request } from '../store/approval.ts';
import { delivery } from '../store/world.ts';
import { eventually, startWorld, type World } from '../world.ts';
import { incidentOf, reachedBy } from './reminders.ts';

let world: World;
beforeAll(async () => {
  const { schedule: _, ...unscheduled } = shiftHandoffTrigger;
  world = await startWorld({ triggers: [productionIncident, unscheduled] });
});
afterAll(() => world.close());

const minute = 60_000;
const now = Date.now();
const at = (minutes: number) => new Date(now + minutes * minute).toISOString();
/** The schedule looks, as it does every 15 minutes. Gives how the run ended. */
async function lookAt(minutes: number): Promise<string> {
  const look = shiftLook(new Date(at(minutes)));
  await world.store.receive(look);
  world.server.wake();
  return eventually(
    'the run to end',
    async () => (await world.run(`shift-handoff/${look.eventId}`))?.outcome,
  );
}
/** What somebody was told by direct message. */
const toldTo = (userId: string) =>
  world.slack.world.messages.filter(({ channelId }) => reachedBy(world, channelId) === userId);
beforeEach(() => {
  world.slack.world.messages.length = 0;
  for (const { id, status } of world.pagerDuty.world.incidents)
    if (status !== 'resolved') resolveAs(world.pagerDuty, id, 'PADALOP');
  for (const policy of world.pagerDuty.world.policies) {
    policy.levels = [['PADALOP'], ['PBENOKA']];
    delete policy.nextShift;
  }
});
const shiftAt = (minutes: number, levels: string[][]) => {
  for (const policy of world.pagerDuty.world.policies) policy.nextShift = { from: at(minutes), levels };
};
const raise = (title: string) => raiseIncident(world.pagerDuty, { title, service: 'Checkout' });

describe('the end of a shift', () => {
  it('tells who comes on call of the open incidents, once', async () => {
    const id = raise('Checkout is slow');
    await eventually('the room', () =>
      world.slack.world.channels.find(({ purpose }) => purpose.includes(id)),
    );
    acknowledgeAs(world.pagerDuty, id, 'PADALOP');
    const other = raise('Search is slow');
    const over = raise('Mail is slow');
    resolveAs(world.pagerDuty, over, 'PADALOP');
    shiftAt(0, [['PBENOKA'], ['PADALOP']]);

    expect(await lookAt(-14)).toBe('nobody came on call');
    expect(await lookAt(1)).toBe('handed over');
    const [message, ...more] = toldTo('U0BEN');
    expect(more).toEqual([]);
    const text = JSON.stringify(message?.blocks);
    expect(text).toContain('Checkout is slow, open since');
    expect(text).toContain('Acknowledged by Ada Lopez');
    expect(text).toContain('Search is slow');
    expect(text).not.toContain('Mail is slow');
    expect(text).toContain(`/incidents/${other}`);
    expect(text).toContain('Room of #');
    // She was on call before, and above.
    expect(toldTo('U0ADA')).toEqual([]);

    expect(await lookAt(16)).toBe('nobody came on call');
    expect(toldTo('U0BEN')).toHaveLength(1);
  });

  it('tells nobody anything where no incident is open', async () => {
    shiftAt(0, [['PBENOKA']]);
    expect(await lookAt(2)).toBe('no open incidents');
    expect(world.slack.world.messages).toEqual([]);
  });

  it('tells those whom it can, and names the others in the record', async () => {
    world.pagerDuty.world.users.push({ id: 'PCYWOLF', name: 'Cy Wolf', email: 'cy@example.com' });
    raise('Login is slow');
    for (const policy of world.pagerDuty.world.policies) policy.levels = [['PADALOP']];
    shiftAt(0, [['PCYWOLF', 'PBENOKA']]);
    expect(await lookAt(3)).toBe('handed over');
    expect(toldTo('U0BEN')).toHaveLength(1);
    const lines = await world.store.readRecord({ limit: 1_000, subject: 'schedule.shift-handoff' });
    expect(JSON.stringify(lines)).toContain('Cy Wolf came on call, and Slack has nobody');
  });

  it('tells what waits for people there, with the command by which it goes on', async () => {
    const id = raise('Checkout is slow');
    const { store } = world;
    const asked = await store.askApproval(request({ subject: id, summary: 'Reboots i-0abc' }));
    await store.askApproval(request({ subject: 'PELSEWHERE', summary: 'Reboots another' }));
    const parked = await store.receive(delivery({ subject: id, unreadable: 'no title' }));
    shiftAt(0, [['PBENOKA'], ['PADALOP']]);
    expect(await lookAt(4)).toBe('handed over');
    const text = JSON.stringify(toldTo('U0BEN').map(({ blocks }) => blocks));
    expect(text).toContain('Waiting for people: 2.');
    const { number } = incidentOf(world, id);
    expect(text).toContain(`#${number}: an approval, Reboots i-0abc: npx baton approvals show ${asked.id}`);
    expect(text).toContain(
      `#${number}: an event that was parked, unreadable: no title: npx baton events show ${parked.seq}`,
    );
  });
});
