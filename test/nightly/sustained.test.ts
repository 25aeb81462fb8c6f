import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { percentile } from '../../bench/figures.ts';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/store.ts';
import { batonCommand, startBaton } from '../faults/process.ts';
import { startPostgres } from '../store/postgres.ts';
import { startTestTemporal } from '../temporal.ts';
import { eventually, startProviders } from '../world.ts';
import { sustain, told } from './load.ts';

const postgres = await startPostgres();

/** Baton as `command` starts it, with Temporal and simulated providers, until the test is over. */
async function start(command: 'start' | 'server', databaseUrl?: string) {
  const folder = await mkdtemp(join(tmpdir(), 'baton-night-'));
  const temporal = await startTestTemporal();
  const providers = await startProviders(folder);
  const baton = await startBaton(
    {
      ...providers.env,
      BATON_DATA_DIR: folder,
      TEMPORAL_ADDRESS: temporal.address,
      ...(databaseUrl === undefined
        ? {}
        : { DATABASE_URL: databaseUrl, BATON_SECRET_KEY: 'the key of this test' }),
    },
    undefined,
    batonCommand(command),
  );
  onTestFinished(async () => {
    await baton.kill('SIGKILL');
    await providers.close();
    await temporal.teardown();
    await rm(folder, { recursive: true, force: true });
  });
  return { baton, folder };
}

const metricsAt = async (url: string) => (await fetch(`${url}/metrics`)).text();
const pendingAt = async (url: string) =>
  Number(/^baton_inbox_pending (\d+)$/m.exec(await metricsAt(url))?.[1]);
/** The load is of webhooks alone: they begin no run. What a schedule begins, every quarter of an hour, does not count. */
const expectNoRuns = async (store: Store) => {
  const dispatched = await store.listEvents({ disposition: 'dispatched', limit: 100 });
  expect(dispatched.filter(({ type }) => type.startsWith('pagerduty.'))).toEqual([]);
};

it.skipIf(!postgres)(
  '100 webhooks a second for ten minutes are answered at once, by a server on PostgreSQL',
  async () => {
    const { baton, folder } = await start('server', postgres?.url);
    await sustain(baton, { perSecond: 100, seconds: 10 });
    const seen = await sustain(baton, { perSecond: 100, seconds: 600 });
    console.info(`L1, 100/s on PostgreSQL. ${told(seen)}`);
    expect(seen.errors).toEqual([]);
    expect(percentile(seen.times, 0.5)).toBeLessThanOrEqual(20);
    expect(percentile(seen.times, 0.99)).toBeLessThanOrEqual(200);
    expect(Math.max(...seen.times)).toBeLessThanOrEqual(1_000);
    const half = seen.memory.slice(seen.memory.length / 2);
    expect((half.at(-1) ?? 0) - (half[0] ?? 0)).toBeLessThanOrEqual(30);
    await eventually('all to be decided', async () => (await pendingAt(baton.url)) === 0, 60_000);
    const store = await openStore({ databaseUrl: postgres?.url, dataDir: folder });
    await expectNoRuns(store);
    await store.close();
  },
  900_000,
);

it('50 webhooks a second for five minutes are answered at once, by all in one process with the embedded store', async () => {
  const { baton, folder } = await start('start');
  await sustain(baton, { perSecond: 50, seconds: 10 });
  const seen = await sustain(baton, { perSecond: 50, seconds: 300 });
  console.info(`L2, 50/s on PGlite. ${told(seen)}`);
  expect(seen.errors).toEqual([]);
  expect(percentile(seen.times, 0.99)).toBeLessThanOrEqual(250);
  await eventually('all to be decided', async () => (await pendingAt(baton.url)) === 0, 60_000);
  await baton.kill('SIGKILL');
  const store = await openStore({ dataDir: folder });
  await expectNoRuns(store);
  while ((await store.seal()) > 0);
  expect(await store.verifyRecord()).toMatchObject({ ok: true });
  await store.close();
}, 600_000);
