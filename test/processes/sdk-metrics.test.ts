import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../log/log.ts';
import { prepareSdk } from '../../processes/sdk.ts';
import { createMetrics } from '../../server/metrics.ts';
import { productionIncident } from '../../triggers/production-incident.ts';
import { eventually, startWorld, type World } from '../world.ts';

let world: World;
let read: () => Promise<string>;
beforeAll(async () => {
  read = await prepareSdk(createLog((text) => text, { destination: { write: () => {} } }));
  world = await startWorld({ triggers: [productionIncident] });
});
afterAll(() => world.close());

describe('the metrics of Temporal’s SDK', () => {
  it('are on the page beside ours, each with a type of its own', async () => {
    const page = async () => (await createMetrics(read).page(undefined, true)).text;
    await eventually('pollers', async () => (await page()).includes('temporal_num_pollers'));
    const text = await page();
    expect(text).toContain('\nbaton_temporal_up 1\n');
    const types = [...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name);
    expect(types.length).toBeGreaterThan(10);
    expect(new Set(types).size).toBe(types.length);
  });

  it('keep nothing else from the page where they cannot be had', async () => {
    const metrics = createMetrics(() => Promise.reject(new Error('gone')));
    expect((await metrics.page(undefined, true)).text).toContain('baton_temporal_up 1');
  });
});
