import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { raiseIncident, simulatedWebhookSecret } from '../../simulator/pagerduty.ts';
import { pagerDutyWebhook } from '../../simulator/pagerduty-webhooks.ts';
import { productionIncident } from '../../triggers/production-incident.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { type ChangeIncidentInput, changeIncident } from '../../workflows/change-incident.ts';
import { emitScheduleEvent } from '../../workflows/kit/schedule.ts';
import { eventually, startWorld, type World } from '../world.ts';

let isMended = false;
/** A trigger with a fault, until it is mended. */
const faulty = defineTrigger({
  name: 'faulty',
  on: 'pagerduty.incident.triggered',
  when: {
    'is not broken': ({ title }) => {
      if (title.includes('poison') && !isMended) throw new Error('cannot read this title');
      return false;
    },
  },
  run: changeIncident,
  input: ({ id }): ChangeIncidentInput => ({
    action: 'resolve',
    incidentId: id,
    slackUserId: '',
    slackTeamIds: [],
    channelId: '',
    messageTs: '',
  }),
});
const nightly = defineTrigger({
  name: 'nightly',
  on: 'schedule.nightly',
  schedule: { cron: '0 3 * * *', timeZone: 'Europe/Zurich', overlap: 'allow' },
  when: 'always',
  run: emitScheduleEvent,
  input: () => 'of-the-run',
});

const reopened = defineTrigger({
  name: 'reopened',
  on: ['pagerduty.incident.triggered', 'pagerduty.incident.reopened'],
  when: { 'comes back': ({ title }) => title === 'comes back' },
  run: emitScheduleEvent,
  input: () => 'quick',
});

let world: World;
beforeAll(async () => {
  world = await startWorld({ triggers: [productionIncident, faulty, nightly, reopened] });
});
afterAll(() => world.close());

const post = async ({ headers, body }: { headers: Record<string, string>; body: string }) => {
  const answer = await fetch(`${world.server.url}/webhooks/pagerduty`, { method: 'POST', headers, body });
  await answer.body?.cancel();
  return answer.status;
};

/** An incident that PagerDuty has and has not told of yet, and the webhook that tells. */
function untold(title: string, event: Record<string, unknown> = {}) {
  const { subscriptions } = world.pagerDuty.world;
  const kept = subscriptions.splice(0);
  const id = raiseIncident(world.pagerDuty, { title, service: 'Search' });
  subscriptions.push(...kept);
  const data = {
    id,
    type: 'incident',
    number: 1,
    status: 'triggered',
    title,
    urgency: 'high',
    service: { id: 'PSEARCH', type: 'service_reference', summary: 'Search' },
    assignees: [],
    teams: [],
  };
  const webhook = (more: Record<string, unknown> = {}, changes: Record<string, unknown> = {}) =>
    pagerDutyWebhook(simulatedWebhookSecret, {
      id: `EV${id}`,
      event_type: 'incident.triggered',
      resource_type: 'incident',
      occurred_at: '2026-11-20T09:00:00.000Z',
      agent: null,
      client: null,
      ...event,
      ...more,
      data: { ...data, ...changes },
    });
  return { id, webhook };
}

const settled = (subject: string, count: number) =>
  eventually(`${count} events to be settled`, async () => {
    const events = await world.store.listEvents({ subject, limit: 500 });
    return events.length >= count && events.every(({ disposition }) => disposition)
      ? events.toReversed()
      : undefined;
  });

describe('an event', () => {
  it('has its effects once, however often it is delivered: five times over, then a hundred at once', async () => {
    const { id, webhook } = untold('Search p99 latency above 2 s');
    for (let delivery = 0; delivery < 5; delivery += 1) expect(await post(webhook())).toBe(202);
    const answers = await Promise.all(Array.from({ length: 100 }, () => post(webhook())));
    expect(answers.every((status) => status === 202)).toBe(true);
    await eventually('the note', () =>
      world.pagerDuty.world.notes.some(({ incidentId }) => incidentId === id),
    );
    const events = await settled(id, 105);
    const own = events.filter(({ eventId }) => eventId === `EV${id}`);
    expect(own.filter(({ disposition }) => disposition === 'dispatched')).toHaveLength(1);
    expect(own.filter(({ disposition }) => disposition === 'duplicate')).toHaveLength(104);
    expect(await world.runs(id)).toHaveLength(1);
    expect(
      world.jira.world.issues.filter(({ fields }) => fields.labels.includes(`baton-${id}`)),
    ).toHaveLength(1);
    expect(world.slack.world.channels.filter(({ purpose }) => purpose.includes(id))).toHaveLength(1);
  });

  it('that a trigger throws at is parked with the reason, the others run, and a replay takes the same way', async () => {
    const { id, webhook } = untold('poison in Search');
    await post(webhook());
    const [event] = await settled(id, 1);
    expect(event).toMatchObject({ disposition: 'parked', reason: 'trigger faulty: cannot read this title' });
    expect((await world.runs(id)).map(({ trigger }) => trigger)).toEqual(['production-incident']);
    isMended = true;
    expect(await world.store.replay(event?.seq ?? 0, 'person:ada@example.com', 'cli')).toBe(true);
    world.server.wake();
    await eventually('it to be dispatched', async () => {
      const again = await world.store.findEvent(String(event?.seq));
      return again?.disposition === 'dispatched';
    });
    expect(await world.runs(id)).toHaveLength(1);
    expect((await world.record(id)).some(({ actor }) => actor === 'person:ada@example.com')).toBe(true);
  });

  it('older than what its incident has seen is stale, and starts nothing', async () => {
    const { id, webhook } = untold('Search is slow');
    const later = { id: `R${id}`, event_type: 'incident.resolved', occurred_at: '2026-11-20T09:30:00.000Z' };
    await post(webhook(later, { status: 'resolved' }));
    await settled(id, 1);
    await post(webhook());
    const events = await settled(id, 2);
    expect(events.map(({ disposition }) => disposition)).toEqual(['ignored', 'stale']);
    expect(await world.runs(id)).toEqual([]);
  });

  it('of a type that nobody knows, and a ping, are kept and ignored', async () => {
    const ping = {
      id: 'PING1',
      event_type: 'pagey.ping',
      occurred_at: '2026-11-20T09:00:00.000Z',
      data: { message: 'hi', type: 'ping' },
    };
    const odd = { ...ping, id: 'ODD1', event_type: 'incident.telepathy' };
    for (const event of [ping, odd])
      expect(await post(pagerDutyWebhook(simulatedWebhookSecret, event))).toBe(202);
    for (const id of ['PING1', 'ODD1'])
      await eventually(
        'it to be ignored',
        async () => (await world.store.findEvent(id))?.disposition === 'ignored',
      );
  });

  it('that cannot be read is parked, with what is wrong', async () => {
    const { id, webhook } = untold('x');
    expect(await post(webhook({}, { id: 7 }))).toBe(202);
    const event = await eventually('the event', () => world.store.findEvent(`EV${id}`));
    expect(event.disposition).toBe('parked');
    expect(event.reason).toContain('id: ');
  });

  it('that reopens an incident starts a second run, once the first has ended', async () => {
    const { account } = world.pagerDuty;
    const id = raiseIncident(world.pagerDuty, { title: 'comes back', service: 'Search', urgency: 'low' });
    await eventually('the first run', async () => (await world.run(`reopened/${id}`))?.endedAt);
    const incident = world.pagerDuty.world.incidents.find((each) => each.id === id);
    if (!incident) throw new Error('The incident is gone');
    account.resolve(incident, { type: 'user', id: 'PADALOP' });
    account.acknowledge(incident, { type: 'user', id: 'PADALOP' });
    await eventually('the second run', async () => (await world.run(`reopened/${id}/2`))?.endedAt);
  });
});

describe('a schedule', () => {
  it('makes an event that takes the way of all events', async () => {
    const handle = world.temporal.client.schedule.getHandle('baton/nightly');
    await eventually('the schedule to be there', () => handle.describe().catch(() => undefined));
    await handle.trigger();
    const [event] = await settled('schedule.nightly', 1);
    expect(event).toMatchObject({ type: 'schedule.nightly', disposition: 'dispatched' });
    expect((await world.runs('schedule.nightly')).map(({ trigger }) => trigger)).toEqual(['nightly']);
  });
});
