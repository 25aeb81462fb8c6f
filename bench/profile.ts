/**
 * Where a flow's processor time goes: `node bench/profile.ts [--flows 200] [--side baton | raw]`. Runs flows as fast as they are taken, and prints
 * milliseconds a flow by thread, for the side and for Temporal's server, and the functions that take most of each JavaScript thread.
 */
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findTemporal } from '../processes/temporal-binary.ts';
import { startTemporal } from '../processes/temporal-server.ts';
import { table } from './figures.ts';
import { deliverAll } from './load.ts';
import { threadTimes } from './processor.ts';
import { environmentOf, startSide } from './sides.ts';
import { startBenchWorld } from './world.ts';

const { values } = parseArgs({
  options: {
    flows: { type: 'string', default: '200' },
    side: { type: 'string', default: 'baton' },
  },
});
const flows = Number(values.flows);
const name = values.side === 'raw' ? 'raw' : 'baton';
const warmUp = 100;
/** Of each thread. */
const functionsShown = 14;

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'baton-profile-'));
const dataDir = join(folder, 'data');
const profiles = join(folder, 'profiles');
await mkdir(dataDir, { mode: 0o700 });
const world = await startBenchWorld();
const temporal = await startTemporal({ path: (await findTemporal()).path, dataDir });
process.execArgv.push('--cpu-prof', '--cpu-prof-dir', profiles);
const side = await startSide(name, root, environmentOf(world, { address: temporal.address, dataDir }));

async function play(count: number): Promise<void> {
  const webhooks = world.raise(count);
  await deliverAll(side.url, webhooks, 32);
  await Promise.all(webhooks.map(({ incidentId }) => world.acknowledged(incidentId)));
}

const pids = { [name]: side.pid, temporal: temporal.pid };
await play(warmUp);
const before = Object.values(pids).map(threadTimes);
const start = performance.now();
await play(flows);
const seconds = (performance.now() - start) / 1000;
const after = Object.values(pids).map(threadTimes);
await side.kill('SIGTERM');
await temporal.stop();
await world.close();

process.stdout.write(`${flows} flows, ${(flows / seconds).toFixed(0)}/s\n\n`);
for (const [index, process_] of Object.keys(pids).entries()) {
  const spent = [...(after[index] ?? [])].map(([thread, { name: threadName, ms }]) => ({
    threadName,
    ms: (ms - (before[index]?.get(thread)?.ms ?? 0)) / flows,
  }));
  const total = spent.reduce((sum, { ms }) => sum + ms, 0);
  const shown = spent.filter(({ ms }) => ms >= 0.3).sort((one, other) => other.ms - one.ms);
  process.stdout.write(
    `${table([
      [`${process_}, ms a flow`, total.toFixed(1)],
      ...(process_ === 'temporal' ? [] : shown.map(({ threadName, ms }) => [threadName, ms.toFixed(1)])),
    ])}\n\n`,
  );
}
for (const file of await readdir(profiles)) await show(join(profiles, file));
await rm(folder, { recursive: true });
process.exit(0);

interface Profile {
  nodes: {
    id: number;
    callFrame: { functionName: string; url: string; lineNumber: number };
  }[];
  samples: number[];
  timeDeltas: number[];
}

/** The functions in which a thread spent most. Its start is in it, too. */
async function show(file: string): Promise<void> {
  const { nodes, samples, timeDeltas } = JSON.parse(await readFile(file, 'utf8')) as Profile;
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => [
      id,
      `${functionName || '(anonymous)'} ${url.replace(/^.*\/(node_modules|baton[^/]*)\//, '').replace(`file://${root}`, '')}:${lineNumber + 1}`,
    ]),
  );
  const times = new Map<string, number>();
  let total = 0;
  for (const [index, id] of samples.entries()) {
    const where = names.get(id) ?? '';
    if (where.startsWith('(idle)') || where.startsWith('(root)')) continue;
    const ms = (timeDeltas[index] ?? 0) / 1000;
    times.set(where, (times.get(where) ?? 0) + ms);
    total += ms;
  }
  const most = [...times].sort(([, one], [, other]) => other - one).slice(0, functionsShown);
  process.stdout.write(
    `${table([
      [`a thread of JavaScript, ${(total / 1000).toFixed(1)} s`, ''],
      ...most.map(([where, ms]) => [where, `${((100 * ms) / total).toFixed(1)} %`]),
    ])}\n\n`,
  );
}
