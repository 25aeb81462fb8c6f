import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { deliver, now } from '../../bench/load.ts';
import { environmentOf, residentMegabytes, startSide } from '../../bench/sides.ts';
import { startBenchWorld } from '../../bench/world.ts';
import { anyFreePort } from '../../processes/ports.ts';
import { startTestTemporal } from '../temporal.ts';
import { eventually } from '../world.ts';
import { handlesOf, probeHeap } from './heap.ts';

const perSecond = 20;
const minutes = 30;
/** Every fiftieth request is refused once. */
const share = 50;

/** By how much it grows a minute: the slope of the line that fits best, once all caches are full. */
function slope(values: readonly number[]): number {
  const late = values.slice(values.length / 3).map((value, minute) => ({ value, minute }));
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(late.map(({ minute }) => minute)), mean(late.map(({ value }) => value))];
  const over = late.map(({ value, minute }) => (minute - x) * (value - y));
  return mean(over) / mean(late.map(({ minute }) => (minute - x) ** 2));
}

it(`${perSecond} incidents a second for ${minutes} minutes, with errors of providers, need no more memory, and each is done once`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'baton-night-'));
  const temporal = await startTestTemporal();
  const world = await startBenchWorld();
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const port = await anyFreePort('127.0.0.1');
  process.execArgv.push(`--inspect=127.0.0.1:${port}`);
  const settings = environmentOf(world, { address: temporal.address, dataDir: folder });
  const side = await startSide('baton', root, settings).finally(() => process.execArgv.pop());
  onTestFinished(async () => {
    await side.kill('SIGKILL');
    await world.close();
    await temporal.teardown();
    await rm(folder, { recursive: true, force: true });
  });
  const probe = await probeHeap(port);
  onTestFinished(() => probe.close());
  const minutely = { heap: [] as number[], handles: [] as number[], resident: [] as number[] };
  const look = async () => {
    minutely.resident.push(residentMegabytes(side.pid));
    minutely.handles.push(handlesOf(side.pid));
    minutely.heap.push(await probe.heapMegabytes());
  };
  const began = now();
  const ids: string[] = [];
  for (let place = 0; place < perSecond * 60 * minutes; place += 1) {
    const due = began + (place * 1000) / perSecond;
    if (due > now()) await pause(due - now());
    if (place % (perSecond * 60) === 0) await look();
    // Three requests an incident.
    if ((place * 3) % share === 0) world.refuseNext();
    const [webhook] = world.raise(1);
    if (!webhook) continue;
    ids.push(webhook.incidentId);
    await deliver(side.url, webhook);
  }
  const told = (values: readonly number[]) => values.map((value) => value.toFixed(0)).join(' ');
  const heapSlope = slope(minutely.heap);
  console.info(
    `L5, ${perSecond}/s for ${minutes} minutes, ${ids.length} incidents. Each minute: heap and buffers ${told(minutely.heap)} MB, ` +
      `${heapSlope.toFixed(2)} MB more a minute; handles ${told(minutely.handles)}; resident ${told(minutely.resident)} MB`,
  );
  await eventually('all to be acknowledged', () => world.effects().acknowledged.size === ids.length, 120_000);
  const { posted, acknowledged } = world.effects();
  expect(ids.filter((id) => posted.get(id) !== 1 || acknowledged.get(id) !== 1)).toEqual([]);
  expect(heapSlope).toBeLessThan(1);
  // Connections come and go.
  expect(slope(minutely.handles)).toBeLessThan(1);
}, 2_700_000);
