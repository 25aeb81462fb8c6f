/**
 * Baton beside Temporal by hand: one Temporal server, the same three calls to the same simulated providers, the sides in
 * turn. Run it with `npm run bench`; with DATABASE_URL set, Baton's store is that PostgreSQL, else PGlite. With
 * `-- --beside <folder>` the Baton of another checkout, with its packages installed, takes part: is a change slower? Without it the API
 * on a large store is measured at the end (`operations.ts`). With `-- --processes` only one pair of `server` and `worker` beside two is
 * (`processes.ts`).
 */
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findTemporal } from '../processes/temporal-binary.ts';
import { type RunningTemporal, startTemporal } from '../processes/temporal-server.ts';
import { median, percentile, table } from './figures.ts';
import { deliver, deliverAll, deliverAtRate, now, type Webhook } from './load.ts';
import { comparePairs } from './processes.ts';
import { environmentOf, residentMegabytes, type Side, type SideName, startSide } from './sides.ts';
import { type BenchWorld, startBenchWorld } from './world.ts';

const { values } = parseArgs({
  options: {
    /** Flows a measurement, and rounds of each: smaller for a quick look. */
    flows: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '3' },
    beside: { type: 'string' },
    processes: { type: 'boolean', default: false },
  },
});
if (values.beside && process.env.DATABASE_URL)
  throw new Error(
    '--beside compares two embedded stores: unset DATABASE_URL, since two cannot share a database',
  );
if (values.processes) {
  await comparePairs({ flows: Number(values.flows), rounds: Number(values.rounds) });
  process.exit(0);
}
const pglite = `PGlite, fsync ${process.env.BATON_STORE_FSYNC === 'off' ? 'off' : 'on'}`;
const flows = Number(values.flows);
const rounds = Number(values.rounds);
const underWay = 60;
const settleMilliseconds = 5_000;
const operationsAtMost = 600_000;
const longestMilliseconds = 1_800_000;

interface Figures {
  idle: number[];
  accepted: number[];
  answers: number[];
  flowsPerSecond: number[];
  /** Resident MB before the first webhook, and after the warm-up. */
  memory: { idle: number; used: number };
  recovery: number[];
  repeated: number;
  lost: number;
}

const none = (): Figures => ({
  idle: [],
  accepted: [],
  answers: [],
  flowsPerSecond: [],
  memory: { idle: 0, used: 0 },
  recovery: [],
  repeated: 0,
  lost: 0,
});

async function finish(world: BenchWorld, webhooks: readonly Webhook[]): Promise<void> {
  await Promise.all(webhooks.map(({ incidentId }) => world.acknowledged(incidentId)));
}

/** One webhook at a time: from sending it to the moment the last provider acts. */
async function measureIdle(side: Side, world: BenchWorld, figures: Figures): Promise<void> {
  for (const webhook of world.raise(20)) {
    const start = now();
    await deliver(side.url, webhook);
    figures.idle.push((await world.acknowledged(webhook.incidentId)) - start);
  }
}

/** 50 webhooks a second for as long as they last. */
async function measureAnswers(side: Side, world: BenchWorld, figures: Figures): Promise<void> {
  const webhooks = world.raise(flows);
  figures.answers.push(...(await deliverAtRate(side.url, webhooks, 50)));
  await finish(world, webhooks);
}

/** As fast as they are taken: webhooks accepted a second, and flows finished a second. */
async function measureSaturated(side: Side, world: BenchWorld, figures: Figures): Promise<void> {
  const webhooks = world.raise(flows);
  const start = now();
  await deliverAll(side.url, webhooks, 32);
  figures.accepted.push(flows / ((now() - start) / 1000));
  await finish(world, webhooks);
  figures.flowsPerSecond.push(flows / ((now() - start) / 1000));
}

/** Kills everything while flows are under way, starts it again, and counts what was made twice or not at all. */
async function measureRecovery(
  { start, temporal }: Place,
  world: BenchWorld,
  figures: Figures,
  side: Side,
): Promise<Side> {
  const webhooks = world.raise(underWay);
  await deliverAll(side.url, webhooks, 16);
  await Promise.race(webhooks.slice(underWay / 6).map(({ incidentId }) => world.acknowledged(incidentId)));
  await Promise.all([side.kill('SIGKILL'), temporal.kill()]);
  const killedAt = now();
  const [again] = await Promise.all([start(), temporal.restart()]);
  const readyAt = now();
  await Promise.race([finish(world, webhooks), new Promise((resolve) => setTimeout(resolve, 60_000))]);
  figures.recovery.push(now() - killedAt);
  process.stderr.write(`  ${again.name}: ready ${Math.round(readyAt - killedAt)} ms after the kill, `);
  process.stderr.write(`all done ${Math.round(now() - killedAt)} ms after it\n`);
  const { posted, acknowledged } = world.effects();
  for (const { incidentId } of webhooks) {
    const [posts, acks] = [posted.get(incidentId) ?? 0, acknowledged.get(incidentId) ?? 0];
    figures.repeated += Math.max(0, posts - 1) + Math.max(0, acks - 1);
    figures.lost += Number(posts === 0) + Number(acks === 0);
  }
  return again;
}

/** A Temporal server that can be killed, and comes back at the same address with the same file. */
async function startKillable(dataDir: string) {
  let temporal: RunningTemporal = await startTemporal({ path, dataDir });
  const { address } = temporal;
  const port = Number(address.split(':')[1]);
  return {
    address,
    pid: () => temporal.pid,
    kill: async () => {
      process.kill(temporal.pid, 'SIGKILL');
      await temporal.ended.catch(() => {});
    },
    restart: async () => {
      temporal = await startTemporal({ path, dataDir, port });
    },
    stop: () => temporal.stop(),
  };
}

/** Where a side lives: its checkout, its data folder, its Temporal server. */
interface Place {
  temporal: Awaited<ReturnType<typeof startKillable>>;
  start(): Promise<Side>;
}

const own = fileURLToPath(new URL('..', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'baton-bench-'));
const world = await startBenchWorld();
const { path, version } = await findTemporal();

async function prepare(dataDir: string): Promise<[Place['temporal'], Record<string, string>]> {
  await mkdir(dataDir, { mode: 0o700 });
  const temporal = await startKillable(dataDir);
  const env = environmentOf(world, { address: temporal.address, dataDir });
  return [temporal, env];
}

const [temporal, env] = await prepare(join(folder, 'now'));
const places = new Map<SideName, Place>([
  ['raw', { temporal, start: () => startSide('raw', own, env) }],
  ['baton', { temporal, start: () => startSide('baton', own, env) }],
]);
if (values.beside) {
  const root = resolve(values.beside);
  // Both Batons take from the same task queue, so each has a server of its own.
  const [server, settings] = await prepare(join(folder, 'before'));
  places.set('before', { temporal: server, start: () => startSide('before', root, settings) });
}
const names = [...places.keys()];
const figures = { raw: none(), baton: none(), before: none() };
const sides = new Map<SideName, Side>();
for (const [name, { start }] of places) sides.set(name, await start());
const sideOf = (name: SideName) => sides.get(name) as Side;
const placeOf = (name: SideName) => places.get(name) as Place;
/** Another side first in each round: whoever comes later works while timers of the earlier ones still run out. */
const inTurn = async (
  measure: (side: Side, world: BenchWorld, figures: Figures) => Promise<void>,
  round = 0,
) => {
  const first = round % names.length;
  for (const name of [...names.slice(first), ...names.slice(0, first)]) {
    await measure(sideOf(name), world, figures[name]);
    await new Promise((resolve) => setTimeout(resolve, settleMilliseconds));
  }
};
const say = (text: string) => process.stderr.write(`${text}\n`);
setTimeout(giveUp, longestMilliseconds).unref();

/** Something hangs: nobody waits for its figures for ever. */
function giveUp(): void {
  say('It took longer than half an hour, and is ended');
  for (const { pid } of sides.values()) process.kill(pid, 'SIGKILL');
  process.kill(temporal.pid(), 'SIGKILL');
  process.exit(1);
}

/** Resident MB of each side, and of the Temporal server. */
const temporalMemory = { idle: 0, used: 0 };
function readMemory(when: 'idle' | 'used'): void {
  for (const name of names) figures[name].memory[when] = residentMegabytes(sideOf(name).pid);
  temporalMemory[when] = residentMegabytes(temporal.pid());
}

say('settling');
await new Promise((resolve) => setTimeout(resolve, settleMilliseconds));
readMemory('idle');
say('warming up');
await inTurn((side) => measureIdle(side, world, none()));
await inTurn((side) => measureSaturated(side, world, none()));
readMemory('used');
for (let round = 1; round <= rounds; round += 1) {
  say(`round ${round} of ${rounds}`);
  await inTurn(measureIdle, round);
  await inTurn(measureAnswers, round);
  await inTurn(measureSaturated, round);
}
say('kill -9 of everything');
for (let round = 1; round <= rounds; round += 1)
  for (const name of names)
    sides.set(name, await measureRecovery(placeOf(name), world, figures[name], sideOf(name)));

const { raw, baton, before } = figures;
const whole = (value: number) => value.toFixed(value < 10 ? 1 : 0);
const isBeside = places.has('before');
const row = (what: string, of: (side: Figures) => number, unit: string): string[] => [
  what,
  `${whole(of(raw))} ${unit}`,
  `${whole(of(baton))} ${unit}`,
  `${(of(baton) / of(raw)).toFixed(2)}×`,
  ...(isBeside ? [`${whole(of(before))} ${unit}`, `${(of(baton) / of(before)).toFixed(2)}×`] : []),
];
const counted = (what: string, of: (side: Figures) => number): string[] => [
  what,
  String(of(raw)),
  String(of(baton)),
  '',
  ...(isBeside ? [String(of(before))] : []),
];
process.stdout.write(
  `Node ${process.version}, Temporal ${version}, ${cpus().length} cores shared by the load, the providers, `,
);
process.stdout.write(
  `Temporal and the side measured; store: ${process.env.DATABASE_URL ? 'PostgreSQL' : pglite}\n\n`,
);
process.stdout.write(
  `${table([
    ['', 'Temporal by hand', 'Baton', 'ratio', ...(isBeside ? ['before', 'now to before'] : [])],
    row('idle: webhook to last provider call, p50', ({ idle }) => median(idle), 'ms'),
    row('idle: webhook to last provider call, p99', ({ idle }) => percentile(idle, 0.99), 'ms'),
    row('webhook answer at 50/s, p50', ({ answers }) => median(answers), 'ms'),
    row('webhook answer at 50/s, p99', ({ answers }) => percentile(answers, 0.99), 'ms'),
    row('saturated: webhooks accepted', ({ accepted }) => median(accepted), '/s'),
    row('saturated: flows finished', ({ flowsPerSecond }) => median(flowsPerSecond), '/s'),
    row(
      `kill -9 of everything, ${underWay} flows under way: all done`,
      ({ recovery }) => median(recovery) / 1000,
      's',
    ),
    row('… the slowest', ({ recovery }) => Math.max(...recovery) / 1000, 's'),
    counted('… effects made twice', ({ repeated }) => repeated),
    counted('… effects lost', ({ lost }) => lost),
    row('resident memory, idle after the start', ({ memory }) => memory.idle, 'MB'),
    row('… with the Temporal server', ({ memory }) => memory.idle + temporalMemory.idle, 'MB'),
    row('resident memory, after the warm-up', ({ memory }) => memory.used, 'MB'),
    row('… with the Temporal server', ({ memory }) => memory.used + temporalMemory.used, 'MB'),
  ])}\n`,
);

await Promise.all([...sides.values()].map((side) => side.kill('SIGKILL')));
await Promise.all(
  [...new Set([...places.values()].map((place) => place.temporal))].map((server) => server.stop()),
);
await world.close();
await rm(folder, { recursive: true, force: true });
// Of another checkout nothing more is compared.
if (!isBeside) measureOperations();
process.exit(0);

/** The API on a large store, in a process of its own, whose memory and processor time are its own too. */
function measureOperations(): void {
  process.stdout.write('\n');
  const file = join(own, 'bench', 'operations.ts');
  const { status } = spawnSync(process.execPath, [file], { stdio: 'inherit', timeout: operationsAtMost });
  if (status !== 0) throw new Error('The API could not be measured, or took too long');
}
