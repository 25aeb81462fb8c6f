import { describe, expect, it } from 'vitest';
import { acknowledgeAs, raiseIncident, resolveAs } from '../../simulator/pagerduty.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { triggeredAndUnackedTrigger } from '../../triggers/triggered-and-unacked.ts';
import { nextLevel } from '../../workflows/kit/call-people.ts';
import { pagerdutyProductionIncidentPolicy } from '../../workflows/pagerduty-production-incident-policy.ts';
import { entry } from '../store/world.ts';
import { cardOf, eventually, type World } from '../world.ts';
import { ada, ben, doneTo, incidentOf, reachedBy, whereTimeIsSkipped } from './reminders.ts';

/** The war room, without its own reminders. */
const rooms = defineTrigger({
  name: 'rooms',
  on: 'pagerduty.incident.triggered',
  when: 'always',
  run: pagerdutyProductionIncidentPolicy,
  input: ({ id }) => ({ incidentId: id, remindWhenQuiet: '30 days' as const }),
  whenResolved: 'continue',
});

let world: World;
whereTimeIsSkipped([rooms, triggeredAndUnackedTrigger], (started) => {
  world = started;
});

/** An incident whose room is there, and whose run waits. */
async function raise(title: string): Promise<string> {
  const id = raiseIncident(world.pagerDuty, { title, service: 'Checkout' });
  await eventually('the card', () => cardOf(world.slack, id));
  await eventually('the run', () => world.run(`triggered-and-unacked/${id}`));
  return id;
}
const minutes = (count: number) => world.temporal.sleep(`${count} minutes`);
const outcomeOf = (id: string) =>
  eventually('the run to end', async () => (await world.run(`triggered-and-unacked/${id}`))?.outcome);
/** What was said in Slack of an incident, but for its card and the card's thread: `room`, or the member who was told. */
const told = (title: string): string[] =>
  world.slack.world.messages
    .filter(
      ({ text, metadata, threadTs }) =>
        !threadTs && text.includes(title) && metadata?.event_type === 'baton_message',
    )
    .map(({ channelId, text }) => `${reachedBy(world, channelId)}: ${text}`)
    .sort();
const done = (id: string, effect: string) => doneTo(world, id, effect);

describe('an incident that nobody acknowledges', () => {
  it('is brought to mind in its room and to its assignee, and then goes to the next level, each once', async () => {
    const id = await raise('Checkout is slow');
    await minutes(11);
    await eventually('two reminders', () => told('Checkout is slow').length === 2);
    expect(told('Checkout is slow')[0]).toMatch(/^U0ADA: Nobody has acknowledged #\d+ Checkout is slow yet/);
    expect(told('Checkout is slow')[1]).toMatch(/^room: /);
    expect(done(id, 'incident escalated')).toEqual([]);

    await minutes(10);
    expect(await outcomeOf(id)).toBe('escalated');
    expect(done(id, 'incident escalated')).toMatchObject([{ detail: { level: 2 } }]);
    expect(done(id, 'responders requested')).toHaveLength(1);
    expect(incidentOf(world, id).assigneeIds).toEqual([ben]);
    const notes = world.pagerDuty.world.notes.filter(({ incidentId }) => incidentId === id);
    expect(notes.at(-1)?.content).toContain('to Ada Lopez. Escalated to level 2 (Ben Okafor).');
    expect(told('Escalated to level 2 (Ben Okafor).')).toEqual([expect.stringMatching(/^room: /)]);
    expect(told('Checkout is slow')).toHaveLength(2);

    await minutes(60);
    expect(done(id, 'incident escalated')).toHaveLength(1);
  });

  it('is left alone once somebody acknowledges it, and the record says who', async () => {
    const id = await raise('Search is slow');
    await minutes(5);
    acknowledgeAs(world.pagerDuty, id, ben);
    expect(await outcomeOf(id)).toBe('acknowledged');
    await minutes(60);
    expect(told('Search is slow')).toEqual([]);
    expect(done(id, 'incident escalated')).toEqual([]);
    expect(JSON.stringify(await world.record(id))).toContain(
      'Acknowledged by Ben Okafor: nobody is reminded.',
    );
  });

  it('is not escalated when the reminder has helped, also where the event of it is lost', async () => {
    const id = await raise('Payments are slow');
    await minutes(11);
    await eventually('the reminders', () => told('Payments are slow').length === 2);
    const [subscription] = world.pagerDuty.world.subscriptions.splice(0);
    acknowledgeAs(world.pagerDuty, id, ada);
    if (subscription) world.pagerDuty.world.subscriptions.push(subscription);
    await minutes(10);
    expect(await outcomeOf(id)).toBe('acknowledged');
    expect(done(id, 'incident escalated')).toEqual([]);
  });

  it('ends with its resolve', async () => {
    const id = await raise('Billing is slow');
    resolveAs(world.pagerDuty, id, ada);
    expect(await outcomeOf(id)).toBe('resolved elsewhere');
  });

  it('that PagerDuty has given to others meanwhile is brought to their mind, and not escalated past them', async () => {
    const id = await raise('Login is slow');
    await minutes(11);
    await eventually('the reminders', () => told('Login is slow').length === 2);
    const incident = incidentOf(world, id);
    world.pagerDuty.account.escalate(incident, 2, { type: 'service', id: incident.serviceId });
    await minutes(10);
    await eventually('word to Ben', () =>
      told('Login is slow').some((each) => each.startsWith('U0BEN: Nobody')),
    );
    expect(done(id, 'incident escalated')).toEqual([]);

    // He is on the last level.
    await minutes(10);
    expect(await outcomeOf(id)).toBe('nobody to escalate to');
    expect(done(id, 'incident escalated')).toEqual([]);
    const notes = world.pagerDuty.world.notes.filter(({ incidentId }) => incidentId === id);
    expect(notes.at(-1)?.content).toContain(
      'Not escalated: nobody is on call above the level that it is on in Checkout on-call.',
    );
  });

  it('is escalated while Slack is away, and nobody is reminded after that', async () => {
    const id = await raise('Mail is slow');
    world.slack.fail({ kind: 'status', status: 503, times: 10_000 });
    await minutes(11);
    await minutes(16);
    expect(await outcomeOf(id)).toBe('escalated');
    await fetch(`${world.slack.url}/_simulator/faults`, { method: 'DELETE' });
    await minutes(60);
    expect(told('Mail is slow')).toEqual([]);
    expect(JSON.stringify(await world.record(id))).toContain('was cut short');
  });

  it('is brought to the mind of an assignee whose address in Slack is another one, by their link', async () => {
    const user = world.slack.world.users.find(({ id }) => id === 'U0ADA');
    if (user) user.email = 'lopez@slack.example.com';
    await world.store.linkSlackUser('ada@example.com', 'U0ADA', entry());
    const id = await raise('Maps are slow');
    await minutes(11);
    await eventually('two reminders', () => told('Maps are slow').length === 2);
    expect(told('Maps are slow')[0]).toMatch(/^U0ADA: Nobody has acknowledged/);
    resolveAs(world.pagerDuty, id, ben);
  });

  it('calls those on call in its room where the plan has no responder requests', async () => {
    world.pagerDuty.world.abilities = world.pagerDuty.world.abilities.filter(
      (ability) => ability !== 'coordinated_responding',
    );
    const id = await raise('Chat is slow');
    await minutes(11);
    await minutes(10);
    expect(await outcomeOf(id)).toBe('escalated');
    expect(done(id, 'responders requested')).toEqual([]);
    const [call] = await eventually('the call', () => {
      const calls = world.slack.world.messages.filter(({ text }) => text.includes('Chat is slow needs you.'));
      return calls.length > 0 ? calls : undefined;
    });
    expect(call?.channelId).toBe(cardOf(world.slack, id)?.channelId);
    expect(JSON.stringify(call?.blocks)).toContain('<@U0ADA> <@U0BEN>');
    expect(JSON.stringify(await world.record(id))).toContain(
      'Called in Slack instead of by PagerDuty: Ada Lopez, Ben Okafor.',
    );
    world.pagerDuty.world.abilities.push('coordinated_responding');
  });

  it('without an escalation policy is told of, and fails nothing', async () => {
    const id = await raise('Fax is slow');
    const shape = world.pagerDuty.account.shape.incident(incidentOf(world, id), ['users']);
    const body = JSON.stringify({
      incident: { ...shape, escalation_policy: null },
    });
    world.pagerDuty.fail({ kind: 'status', status: 200, body, match: `GET /incidents/${id}?`, times: 1_000 });
    await minutes(11);
    await minutes(16);
    expect(await outcomeOf(id)).toBe('nobody to escalate to');
    expect(done(id, 'incident escalated')).toEqual([]);
    expect(JSON.stringify(await world.record(id))).toContain('the incident has no escalation policy');
    await fetch(`${world.pagerDuty.url}/_simulator/faults`, { method: 'DELETE' });
  });
});

describe('many incidents that nobody acknowledges', () => {
  it('are told to the one who has them all in a message a minute, which names each', async () => {
    const count = 25;
    const ids = Array.from({ length: count }, (_, index) =>
      raiseIncident(world.pagerDuty, { title: `Storm ${index} is here`, service: 'Checkout' }),
    );
    for (const id of ids) await eventually('the runs', () => world.run(`triggered-and-unacked/${id}`));
    await minutes(11);
    const toAda = () =>
      world.slack.world.messages.filter(
        ({ channelId, blocks }) =>
          reachedBy(world, channelId) === 'U0ADA' && JSON.stringify(blocks).includes('Storm '),
      );
    await eventually('the first word', () => toAda().length > 0);
    await minutes(2);
    const named = () => JSON.stringify(toAda().map(({ blocks }) => blocks));
    const numbers = ids.map((id) => `#${incidentOf(world, id).number}`);
    await eventually('all to be named', () => numbers.every((number) => named().includes(number)));
    expect(toAda().length).toBeLessThanOrEqual(3);
    expect(named()).toMatch(/\d+ incidents wait for you: #\d+, #\d+/);
    for (const id of ids) {
      const told = JSON.stringify(await world.record(id));
      expect(told).toContain('Told Ada Lopez');
    }
  });
});

describe('the next level', () => {
  const onCall = (id: string, level: number) => ({ user: { id, name: id }, level });
  const levels = [onCall('A', 1), onCall('B', 2), onCall('C', 4)];
  it.each([
    ['the one above the assignee', ['A'], 2],
    ['the next on which somebody is on call', ['B'], 4],
    ['above the highest of several', ['A', 'B'], 4],
    ['the first, of an incident that was given to somebody past its policy', ['X'], 1],
    ['none above the last', ['C'], undefined],
  ])('is %s', (_, ids, level) => {
    expect(nextLevel({ assignees: ids.map((id) => ({ id, name: id })) }, levels)).toBe(level);
  });
});
