import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { deliver, now } from '../../bench/load.ts';
import { residentMegabytes, startSide } from '../../bench/sides.ts';
import { startBenchWorld } from '../../bench/world.ts';
import { startTestTemporal } from '../temporal.ts';
import { eventually } from '../world.ts';

const perSecond = 20;
const minutes = 30;
/** Every fiftieth request is refused once. */
const share = 50;

/** Megabytes a minute: the slope of the line that fits best, once all caches are full. */
function slope(memory: readonly number[]): number {
  const late = memory.slice(memory.length / 3).map((value, minute) => ({ value, minute }));
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
  const side = await startSide('baton', root, {
    ...world.env,
    TEMPORAL_ADDRESS: temporal.address,
    BATON_DATA_DIR: folder,
    BENCH_CHANNEL: world.channelId,
  });
  onTestFinished(async () => {
    await side.kill('SIGKILL');
    await world.close();
    await temporal.teardown();
    await rm(folder, { recursive: true, force: true });
  });
  const memory: number[] = [];
  const began = now();
  const ids: string[] = [];
  for (let place = 0; place < perSecond * 60 * minutes; place += 1) {
    const due = began + (place * 1000) / perSecond;
    if (due > now()) await pause(due - now());
    if (place % (perSecond * 60) === 0) memory.push(residentMegabytes(side.pid));
    // Three requests an incident.
    if ((place * 3) % share === 0) world.refuseNext();
    const [webhook] = world.raise(1);
    if (!webhook) continue;
    ids.push(webhook.incidentId);
    await deliver(side.url, webhook);
  }
  await eventually('all to be acknowledged', () => world.effects().acknowledged.size === ids.length, 120_000);
  const { posted, acknowledged } = world.effects();
  const twice = ids.filter((id) => posted.get(id) !== 1 || acknowledged.get(id) !== 1);
  console.info(
    `L5, ${perSecond}/s for ${minutes} minutes. ${ids.length} incidents, ${twice.length} not done once; ` +
      `MB each minute: ${memory.map((value) => value.toFixed(0)).join(' ')}; slope ${slope(memory).toFixed(2)} MB a minute`,
  );
  expect(twice).toEqual([]);
  expect(slope(memory)).toBeLessThan(1);
}, 2_700_000);
