import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningServer } from '../../server/server.ts';
import { raiseIncident, resolveAs, simulatedWebhookSecret } from '../../simulator/pagerduty.ts';
import { typeCommand } from '../../simulator/slack-person.ts';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/store.ts';
import { slackRequest } from '../../triggers/slack-request.ts';
import { defineTrigger } from '../../triggers/trigger.ts';
import { pagerdutyProductionIncidentPolicy } from '../../workflows/pagerduty-production-incident-policy.ts';
import { ledgersOf, violations } from '../check.ts';
import { startPostgres } from '../store/postgres.ts';
import { cardOf, eventually, startServerBeside, startWorld, type World } from '../world.ts';

/** As shipped, of either urgency, and with a day that is over soon. */
const rooms = defineTrigger({
  name: 'rooms',
  on: 'pagerduty.incident.triggered',
  when: 'always',
  run: pagerdutyProductionIncidentPolicy,
  input: ({ id }) => ({ incidentId: id, graceTime: 2_000 }),
  whenResolved: 'continue',
  storm: 10,
});
const triggers = [rooms, slackRequest];
const incidents = 40;
const enough = 10;

const postgres = await startPostgres();

describe.skipIf(!postgres)('forty new incidents of one service within a minute, told to two servers', () => {
  let world: World;
  let other: Store;
  let second: RunningServer | undefined;
  beforeAll(async () => {
    world = await startWorld({ triggers, databaseUrl: postgres?.url });
    other = await openStore({
      databaseUrl: postgres?.url,
      dataDir: world.folder,
      onPending: () => second?.wake(),
    });
    second = await startServerBeside(world, {
      triggers,
      store: other,
      pagerDutySecrets: [simulatedWebhookSecret],
    });
    // Each event comes to both, and the one that it reaches first dispatches it.
    const url = `${second.url}/webhooks/pagerduty`;
    world.pagerDuty.world.subscriptions.push({ url, secret: simulatedWebhookSecret });
  });
  afterAll(async () => {
    await second?.stop();
    await other.close();
    await world.close();
    await postgres?.stop();
  });

  const raise = (count: number, service: string, urgency: 'high' | 'low') =>
    Array.from({ length: count }, (_, place) =>
      raiseIncident(world.pagerDuty, { title: `${service} is slow ${place}`, service, urgency }),
    );
  const fateOf = (id: string) =>
    eventually(
      `what becomes of ${id}`,
      async () => {
        const events = await world.store.listEvents({ subject: id, limit: 50 });
        const isSettled = events.length > 0 && events.every(({ disposition }) => disposition);
        return isSettled ? { id, ...(await world.store.situation(id)) } : undefined;
      },
      60_000,
    );
  const roomOf = (id: string) => world.slack.world.channels.find(({ purpose }) => purpose.includes(id));
  const notesOf = (id: string) =>
    world.pagerDuty.world.notes.filter(({ incidentId }) => incidentId === id).map(({ content }) => content);
  const card = (id: string) => JSON.stringify(cardOf(world.slack, id)?.blocks ?? '');
  const ended = (run: string) =>
    eventually(`the end of ${run}`, async () => (await world.run(run))?.outcome, 60_000);

  it('have ten runs of their own and one room for all others, until each of them is resolved', async () => {
    const storm = raise(incidents, 'Checkout', 'high');
    const beside = [...raise(2, 'Search', 'high'), ...raise(2, 'Checkout', 'low')];
    const fates = await Promise.all(storm.map(fateOf));
    for (const { runs, gatheredBy = [] } of fates) expect(runs.length + gatheredBy.length).toBe(1);
    const own = fates.filter(({ runs }) => runs.length > 0);
    const joined = fates.filter(({ gatheredBy }) => gatheredBy);
    expect([own.length, joined.length]).toEqual([enough, incidents - enough]);
    const [gatherer = '', ...more] = new Set(joined.flatMap(({ gatheredBy = [] }) => gatheredBy));
    expect(more).toEqual([]);
    const first = gatherer.slice('rooms/'.length);
    for (const { runs } of await Promise.all(beside.map(fateOf))) expect(runs).toHaveLength(1);

    const told = joined.map(({ id }) => id);
    await eventually('a note on each', () => told.every((id) => notesOf(id).length > 0), 90_000);
    const room = roomOf(first);
    for (const id of told) {
      expect(notesOf(id)).toEqual([expect.stringContaining(`/archives/${room?.id}`)]);
      expect(roomOf(id)).toBeUndefined();
    }
    const named = () =>
      world.slack.world.messages
        .filter(({ channelId, threadTs }) => channelId === room?.id && threadTs)
        .flatMap(({ blocks }) => [...JSON.stringify(blocks).matchAll(/\|#(\d+) Checkout is slow/g)])
        .map(([, number]) => Number(number));
    const numberOf = (id: string) => world.pagerDuty.world.incidents.find((each) => each.id === id)?.number;
    expect(named().sort()).toEqual(told.map(numberOf).sort());
    await eventually('the card to count them', () =>
      card(first).includes('30 more incidents of this service in this storm: 30 open'),
    );
    const [why] = (await world.record(told[0] ?? '')).filter(({ action }) => action === 'event.answered');
    expect(JSON.stringify(why?.detail.answers)).toContain(
      `${gatherer}: more than 10 new incidents within a minute on Checkout`,
    );

    const [acknowledged = '', last = ''] = told;
    const place = { userId: 'U0ADA', channelId: room?.id ?? '', batonUrl: world.server.url };
    await typeCommand(world.slack, place, `ack #${numberOf(acknowledged)}`);
    const statusOf = (id: string) => world.pagerDuty.world.incidents.find((each) => each.id === id)?.status;
    await eventually('the command', () => statusOf(acknowledged) === 'acknowledged');

    for (const id of [...storm, ...beside]) if (id !== last) resolveAs(world.pagerDuty, id, 'PBENOKA');
    for (const { runs } of own) for (const { id } of runs) if (id !== gatherer) await ended(id);
    await eventually(
      'the card to tell of the last one',
      () => card(first).includes('in this storm: 1 open'),
      60_000,
    );
    expect((await world.run(gatherer))?.state).toBe('running');
    expect(room?.archived).toBe(false);
    resolveAs(world.pagerDuty, last, 'PBENOKA');
    expect(await ended(gatherer)).toBe('followed to the end');
    expect(room?.archived).toBe(true);
    expect(card(first)).toContain('in this storm: none open');

    const runs = await world.store.listRuns({ limit: 500 });
    expect(runs.filter(({ trigger }) => trigger === 'rooms')).toHaveLength(enough + beside.length);
    expect(world.slack.ledger.filter(({ effect }) => effect === 'channel created')).toHaveLength(
      enough + beside.length,
    );
    await eventually('all to be settled', async () => (await world.store.backlog()).pending === 0);
    expect(await violations({ store: world.store, ledgers: ledgersOf(world), sent: [] })).toEqual([]);
  }, 300_000);
});
