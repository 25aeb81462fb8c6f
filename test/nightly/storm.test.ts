import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { residentMegabytes } from '../../bench/sides.ts';
import { drawFrom } from '../../simulator/pagerduty/past-kinds.ts';
import { newId } from '../../simulator/pagerduty/world.ts';
import { prioritizeAs, raiseIncident, simulatedWebhookSecret } from '../../simulator/pagerduty.ts';
import { openStore } from '../../store/open.ts';
import { ledgersOf, violations } from '../check.ts';
import { type BatonProcess, startBaton } from '../faults/process.ts';
import { untilAtRest } from '../faults/rest.ts';
import { parts, timesOf } from '../fixtures/handled.ts';
import { raiseApart } from '../fixtures/raise-apart.ts';
import { seedOf } from '../nightly.ts';
import { startPostgres } from '../store/postgres.ts';
import { startTestTemporal } from '../temporal.ts';
import { eventually, type Providers, startProviders } from '../world.ts';
import { startUnrulyWay } from './unruly.ts';

const incidents = 1_000;
const services = 10;
const stormMs = 60_000;
/** Of each incident, beside that it was triggered, one a second. */
const acts = 5;
const handledWithinMs = 10_000;
/** Slack makes twenty rooms a minute, and ten incidents of each service have one of their own. */
const doneWithinMs = 20 * 60_000;
/** Of each process: a worker that has just begun grows to about 700 with the first incidents. */
const mostMegabytes = 1_000;
const who = { type: 'user', id: 'PADALOP' } as const;

const postgres = await startPostgres();

/** Two servers and two workers on one PostgreSQL, with providers that keep to their limits. */
async function start() {
  const folder = await mkdtemp(join(tmpdir(), 'baton-storm-'));
  const temporal = await startTestTemporal();
  const providers = await startProviders(folder, { timeScale: 1 });
  const store = await openStore({ databaseUrl: postgres?.url, dataDir: folder });
  const processes: BatonProcess[] = [];
  onTestFinished(async () => {
    await Promise.all(processes.map((each) => each.kill('SIGKILL')));
    await store.close();
    await providers.close();
    await temporal.teardown();
    await postgres?.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const program = fileURLToPath(new URL('../../baton.ts', import.meta.url));
  for (const command of ['server', 'server', 'worker', 'worker']) {
    const env = {
      ...providers.env,
      BATON_SECRET_KEY: 'the secret key of this test',
      BATON_DATA_DIR: await mkdtemp(join(folder, `${command}-`)),
      DATABASE_URL: postgres?.url ?? '',
      TEMPORAL_ADDRESS: temporal.address,
      // A server pages for runs that a slow machine holds up, which is no effect of a run.
      ...(command === 'server' ? { PAGERDUTY_ROUTING_KEY: '' } : {}),
    };
    processes.push(await startBaton(env, undefined, [program, command]));
  }
  return { temporal, providers, store, processes };
}

/** What people do with an incident, one after the other; the last is its end. */
function act({ pagerDuty: { account, world } }: Providers, id: string, place: number): void {
  const incident = world.incidents.find((each) => each.id === id);
  if (!incident) throw new Error(`There is no incident ${id}`);
  if (place === 1) account.acknowledge(incident, who);
  if (place === 2) account.setPriority(incident, 'PPRIO03', who);
  if (place === 3) account.annotate(incident, 'It is the new version', who.id);
  if (place === 4) account.reassign(incident, ['PBENOKA'], who);
  if (place === 5) account.resolve(incident, who);
}

/** Raises and changes incidents at an even pace. Gives their ids. */
async function play(providers: Providers): Promise<string[]> {
  const { pagerDuty } = providers;
  const [search] = pagerDuty.world.services.filter(({ name }) => name === 'Search');
  if (!search) throw new Error('The simulated PagerDuty has no service Search');
  const own = Array.from({ length: services }, (_, place) => ({
    ...search,
    id: newId('P', 7),
    name: `Part ${place}`,
  }));
  pagerDuty.world.services.push(...own);
  const began = performance.now();
  const steps = Array.from({ length: incidents }, (_, place) => place).flatMap((place) =>
    Array.from({ length: 1 + acts }, (_, step) => ({
      place,
      step,
      at: (place * (stormMs - acts * 1_000)) / incidents + step * 1_000,
    })),
  );
  const ids: string[] = [];
  for (const { place, step, at } of steps.sort((one, other) => one.at - other.at)) {
    await pause(Math.max(0, began + at - performance.now()));
    if (step > 0) act(providers, ids[place] ?? '', step);
    else
      ids[place] = raiseIncident(pagerDuty, {
        title: `Slow ${place}`,
        service: own[place % services]?.id ?? '',
      });
  }
  return ids;
}

it.skipIf(!postgres)(
  `a storm of ${incidents} incidents with ${1 + acts} events each within a minute, some told twice and some out of order, is handled within all limits`,
  async () => {
    const seed = seedOf(1);
    const { temporal, providers, store, processes } = await start();
    const { pagerDuty, slack } = providers;
    let deliveries = 0;
    const way = await startUnrulyWay(() => {
      deliveries += 1;
      return processes[deliveries % 2]?.url ?? '';
    }, drawFrom(seed).share);
    onTestFinished(way.close);
    pagerDuty.world.subscriptions.push({ url: way.url, secret: simulatedWebhookSecret });

    const memory = processes.map(({ pid }) => [residentMegabytes(pid)]);
    const watching = setInterval(() => {
      for (const [place, { pid }] of processes.entries()) memory[place]?.push(residentMegabytes(pid));
    }, 1_000);
    onTestFinished(() => clearInterval(watching));

    const began = performance.now();
    const seconds = () => Math.round((performance.now() - began) / 1_000);
    const playing = play(providers);
    await pause(20_000);
    const born = timesOf(providers, raiseApart(pagerDuty, 'Checkout is down', 'P1'), handledWithinMs);
    const waits = raiseApart(pagerDuty, 'Slow beside', 'P3');
    await pause(15_000);
    prioritizeAs(pagerDuty, waits, 'P1', who.id);
    const raised = timesOf(providers, waits, handledWithinMs);
    const ids = await playing;
    const times = [await born, await raised];
    await eventually('all to be delivered', () => way.isIdle(), 120_000);
    await eventually('all to be settled', async () => (await store.backlog()).pending === 0, 120_000);
    const settled = seconds();
    await untilAtRest({ url: processes[0]?.url ?? '', client: temporal.client, providers }, doneWithinMs);
    clearInterval(watching);

    const perMinute = mostIn(
      pagerDuty.calls.filter(({ path }) => !path.startsWith('/events')).map(({ at }) => Date.parse(at)),
    );
    const rooms = mostIn(
      slack.ledger.filter(({ effect }) => effect === 'channel created').map(({ at }) => Date.parse(at)),
    );
    const peaks = memory.map((each) => Math.max(...each));
    const told = memory.map((each) => `${each[0]?.toFixed(0)} ${Math.max(...each).toFixed(0)}`);
    console.info(
      `L4: ${ids.length} incidents, ${way.sent.length} deliveries (${way.counts.twice} events twice, ${way.counts.swapped} overtaken); all settled after ` +
        `${settled} s, at rest after ${seconds()} s; two that are P1, in milliseconds: ${JSON.stringify(times)}; at most ${perMinute} requests to PagerDuty ` +
        `and ${rooms} new rooms a minute; MB before and at most, of servers and workers: ${told.join(', ')}`,
    );
    for (const each of times) {
      expect(Object.keys(each).sort()).toEqual(parts);
      expect(Math.max(...Object.values(each))).toBeLessThan(handledWithinMs);
    }
    expect(perMinute).toBeLessThanOrEqual(960);
    expect(rooms).toBeLessThanOrEqual(20);
    // What a timer has begun meanwhile is finished first.
    for (const worker of processes.slice(2)) await worker.kill('SIGTERM');
    await eventually('all to be settled', async () => (await store.backlog()).pending === 0, 60_000);
    expect(await violations({ store, ledgers: ledgersOf(providers), sent: way.sent })).toEqual([]);
    expect(Math.max(...peaks)).toBeLessThan(mostMegabytes);
    for (const id of ids) {
      const { runs, gatheredBy = [] } = await store.situation(id);
      const own = runs.filter(({ trigger }) => trigger === 'production-incident');
      expect([id, own.length + gatheredBy.length]).toEqual([id, 1]);
    }
  },
  doneWithinMs + 600_000,
);

/** The most of them within any minute. */
function mostIn(times: readonly number[]): number {
  const sorted = times.toSorted((one, other) => one - other);
  let first = 0;
  return sorted.reduce((most, at, place) => {
    while (at - (sorted[first] ?? 0) >= 60_000) first += 1;
    return Math.max(most, place - first + 1);
  }, 0);
}
