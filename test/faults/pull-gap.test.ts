import { expect, it } from 'vitest';
import { providers } from '../../activities/providers.ts';
import { createLog } from '../../log/log.ts';
import { pullSource } from '../../processes/pull.ts';
import { startPulling } from '../../server/pagerduty/pull.ts';
import { createInbox } from '../../server/receiving/inbox.ts';
import { newId } from '../../simulator/pagerduty/world.ts';
import { pagerDutyEnvironment, raiseIncident, startPagerDuty } from '../../simulator/pagerduty.ts';
import { clientsFor } from '../clients.ts';
import { embeddedWorld } from '../store/world.ts';

const entries = 10_000;
const hour = 3_600_000;

it('a gap of an hour with 10 000 entries is filled, the oldest first, in pages', async () => {
  const world = await embeddedWorld();
  const pagerDuty = await startPagerDuty();
  const store = world.newStore();
  const ids = Array.from({ length: 20 }, () =>
    raiseIncident(pagerDuty, { title: 'Slow', service: 'Search' }),
  );
  const begin = Date.now() - 2 * hour;
  // Of a storm: two thirds of them in the first ten minutes.
  const at = (place: number) =>
    begin + (place < entries * 0.66 ? place * 90 : 600_000 + (place - 6_600) * 880);
  pagerDuty.world.log = Array.from({ length: entries }, (_, place) => ({
    id: newId('R', 26),
    incidentId: ids[place % ids.length] ?? '',
    type: 'notify_log_entry',
    at: new Date(at(place)).toISOString(),
    agent: { type: 'service', id: 'PSEARCH' },
  }));
  await store.leasePull('default', -1);
  await store.keepPull('default', { since: new Date(begin - 1_000).toISOString(), seen: {} }, -1, true);
  await store.releasePulls();

  const env = pagerDutyEnvironment(pagerDuty.url);
  const source = pullSource(providers, clientsFor(env), { pullSeconds: 60, env });
  if (!source) throw new Error('PagerDuty has a log');
  const sizes: number[] = [];
  const inbox = createInbox(store, () => {});
  const log = createLog((text) => text, { destination: { write: () => {} } });
  const keepPull: typeof store.keepPull = (connection, place, ...rest) => {
    sizes.push(Object.keys(place.seen).length);
    return store.keepPull(connection, place, ...rest);
  };
  const pulling = startPulling({ source, store: { ...store, keepPull }, inbox, log });
  await expect.poll(() => pulling.states().default?.ageSeconds, { timeout: 100_000 }).toBe(0);
  await pulling.stop();

  const { rows } = await world.db
    .selectFrom('inbox')
    .select(['seq', 'time', 'event_id'])
    .orderBy('seq')
    .execute()
    .then((rows) => ({ rows }));
  expect(new Set(rows.map(({ event_id }) => event_id)).size).toBe(entries);
  expect(rows).toHaveLength(entries);
  const times = rows.map(({ time }) => time);
  expect(times).toEqual(times.toSorted());
  expect(sizes.length).toBeGreaterThan(4);
  const asked = pagerDuty.calls.filter(({ path }) => path.startsWith('/log_entries'));
  expect(asked.length).toBeLessThan(400);
  await pagerDuty.close();
  await world.close();
}, 120_000);
