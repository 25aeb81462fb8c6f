import { readdirSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { findTemporal } from '../processes/temporal-binary.ts';
import { type RunningTemporal, startTemporal } from '../processes/temporal-server.ts';
import { startPostgres, type TestPostgres } from '../test/store/postgres.ts';
import { median, table } from './figures.ts';
import { deliver, now } from './load.ts';
import { type ProcessorTimes, postgresProcesses, spent, timesOf } from './processor.ts';
import { environmentOf, type Side, startSide } from './sides.ts';
import { type BenchWorld, startBenchWorld } from './world.ts';

const own = fileURLToPath(new URL('..', import.meta.url));
const atOnce = 32;
/** Until what is run has been compiled. */
const warmUp = 200;

/** What takes a processor's time while flows are carried out. */
const kinds = ['servers', 'workers', "Temporal's server", 'PostgreSQL', 'load and providers'] as const;
type Kind = (typeof kinds)[number];

/** One measurement: how fast flows were finished, and what each took of a processor, in milliseconds. */
interface Measured {
  flowsPerSecond: number;
  perFlow: Record<Kind, number>;
  /** Processors, on average. */
  busy: number;
}

interface Pair {
  server: Side;
  worker: Side;
}

interface Place {
  dataDir: string;
  world: BenchWorld;
  temporal: RunningTemporal;
  databaseUrl: string;
  env: Record<string, string>;
}

/**
 * One `server` and one `worker` beside two of each, as processes on one PostgreSQL and one Temporal server: flows a second, and what a flow
 * takes of a processor, by process. What takes most of it is what limits.
 */
export async function comparePairs({ flows, rounds }: { flows: number; rounds: number }): Promise<void> {
  const postgres = await startPostgres();
  if (!postgres) throw new Error('Two servers share a PostgreSQL, and there is none');
  const folder = await mkdtemp(join(tmpdir(), 'baton-bench-'));
  const place = await prepare(folder, postgres);
  const measured: Record<1 | 2, Measured[]> = { 1: [], 2: [] };
  const pairs: Pair[] = [];
  try {
    for (const count of [1, 2] as const) {
      pairs.push(await startPair(place));
      process.stderr.write(`warming up ${count} of 2\n`);
      await run(pairs, place, warmUp);
      for (let round = 1; round <= rounds; round += 1) {
        process.stderr.write(`round ${round} of ${rounds}\n`);
        measured[count].push(await measure(pairs, place, flows));
      }
    }
    tell(measured);
    await tellSizes(place, 2 * (warmUp + rounds * flows));
  } finally {
    for (const pair of pairs) await stopPair(pair);
    await place.temporal.stop();
    await place.world.close();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function prepare(folder: string, postgres: TestPostgres): Promise<Place> {
  const world = await startBenchWorld();
  const dataDir = join(folder, 'data');
  await mkdir(dataDir, { mode: 0o700 });
  const { path } = await findTemporal();
  const temporal = await startTemporal({ path, dataDir });
  const databaseUrl = process.env.DATABASE_URL ?? postgres.url;
  const env = {
    ...environmentOf(world, { address: temporal.address, dataDir }),
    DATABASE_URL: databaseUrl,
  };
  return { dataDir, world, temporal, databaseUrl, env };
}

async function startPair({ env }: Place): Promise<Pair> {
  const worker = await startSide('worker', own, { ...env, BENCH_PART: 'worker' });
  return { worker, server: await startSide('server', own, { ...env, BENCH_PART: 'server' }) };
}

async function stopPair({ server, worker }: Pair): Promise<void> {
  await server.kill('SIGTERM');
  await worker.kill('SIGTERM');
}

/** New incidents, as fast as they are taken, each by the next server, until all are acknowledged. */
async function run(pairs: readonly Pair[], { world }: Place, flows: number): Promise<void> {
  const webhooks = world.raise(flows);
  const queue = [...webhooks.entries()];
  const sender = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [index, webhook] = next;
      await deliver(pairs[index % pairs.length]?.server.url ?? '', webhook);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, sender));
  await Promise.all(webhooks.map(({ incidentId }) => world.acknowledged(incidentId)));
}

async function measure(pairs: readonly Pair[], place: Place, flows: number): Promise<Measured> {
  const before = await look(pairs, place);
  const began = now();
  await run(pairs, place, flows);
  const seconds = (now() - began) / 1_000;
  const after = await look(pairs, place);
  const perFlow = Object.fromEntries(
    kinds.map((kind) => [kind, spent(before.times[kind], after.times[kind]) / flows]),
  ) as Record<Kind, number>;
  const whole = kinds.reduce((sum, kind) => sum + perFlow[kind], 0);
  return { flowsPerSecond: flows / seconds, perFlow, busy: (whole * flows) / (after.at - before.at) };
}

/** All at one moment: who asks PostgreSQL for its processes waits, and the others work on meanwhile. */
async function look(
  pairs: readonly Pair[],
  { temporal, databaseUrl }: Place,
): Promise<{ at: number; times: Record<Kind, ProcessorTimes> }> {
  const postgres = await postgresProcesses(databaseUrl);
  const times = {
    servers: timesOf(pairs.map(({ server }) => server.pid)),
    workers: timesOf(pairs.map(({ worker }) => worker.pid)),
    "Temporal's server": timesOf([temporal.pid]),
    PostgreSQL: timesOf(postgres),
    'load and providers': timesOf([process.pid]),
  };
  return { at: now(), times };
}

/** What a flow leaves behind on the disk, with indexes and what is free within. */
async function tellSizes({ dataDir, databaseUrl }: Place, flows: number): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query<{ name: string; lines: number; bytes: number }>(
    `select relname as name, n_live_tup::float8 as lines, pg_total_relation_size(relid)::float8 as bytes
      from pg_stat_user_tables where n_live_tup > $1 order by bytes desc`,
    [flows / 2],
  );
  await client.end();
  const temporal = readdirSync(dataDir).filter((name) => name.startsWith('temporal.db'));
  const bytes = temporal.reduce((sum, name) => sum + statSync(join(dataDir, name)).size, 0);
  const kilobytes = (of: number) => `${(of / flows / 1_000).toFixed(1)} kB`;
  process.stdout.write(
    `\n${table([
      ['a flow leaves behind', 'rows', 'on the disk'],
      ...rows.map((row) => [row.name, (row.lines / flows).toFixed(1), kilobytes(row.bytes)]),
      ["Temporal's file", '', kilobytes(bytes)],
    ])}\n`,
  );
}

function tell(measured: Record<1 | 2, Measured[]>): void {
  const middle = (pairs: 1 | 2, of: (one: Measured) => number) => median(measured[pairs].map(of));
  const row = (what: string, of: (one: Measured) => number, unit: string) => {
    const [one, two] = [middle(1, of), middle(2, of)];
    return [what, `${one.toFixed(1)} ${unit}`, `${two.toFixed(1)} ${unit}`, `${(two / one).toFixed(2)}×`];
  };
  const whole = ({ perFlow }: Measured) => kinds.reduce((sum, kind) => sum + perFlow[kind], 0);
  const batons = ({ perFlow }: Measured) => perFlow.servers + perFlow.workers;
  const rows = kinds.map((kind) => row(`a flow takes of ${kind}`, ({ perFlow }) => perFlow[kind], 'ms'));
  const heaviest = kinds.toSorted(
    (one, other) => middle(2, ({ perFlow }) => perFlow[other]) - middle(2, ({ perFlow }) => perFlow[one]),
  )[0];
  const busy = middle(2, (each) => each.busy);
  process.stdout.write(
    `${table([
      ['', 'one pair', 'two pairs', 'ratio'],
      row('flows finished a second', ({ flowsPerSecond }) => flowsPerSecond, ''),
      ...rows,
      row('… of all', whole, 'ms'),
    ])}\n\n`,
  );
  process.stdout.write(
    `With processors enough, two pairs bear ${((2 * middle(1, batons)) / middle(2, batons)).toFixed(2)} times what one bears. ` +
      `Here ${busy.toFixed(1)} of ${cpus().length} processors were busy; most of it is ${heaviest}, of which one processor bears ` +
      `${(1_000 / middle(2, ({ perFlow }) => perFlow[heaviest ?? 'workers'])).toFixed(0)} flows a second.\n`,
  );
}
