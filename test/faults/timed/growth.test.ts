import { Client } from 'pg';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { median } from '../../../bench/figures.ts';
import { spent } from '../../../bench/processor.ts';
import { fillStore } from '../../growth/fill.ts';
import { eventsOfLife, livesOn } from '../../growth/lives.ts';
import { often } from '../../nightly.ts';
import { startPostgres } from '../../store/postgres.ts';
import { embeddedWorld, postgresWorld, type World } from '../../store/world.ts';

const few = 1_000;
/** By day, with so few rounds beside other work, only what grows by itself is seen. */
const grows = often(1.5, 1.2);
const rounds = often(4, 10);
const inRound = often(40, 200);

interface Backend {
  name: string;
  many: number;
  /** An empty store, and what carries out statements that take long. */
  open(): Promise<World>;
}

async function onPostgres(url: string): Promise<World> {
  const world = await postgresWorld(url);
  const client = new Client({ connectionString: url });
  await client.connect();
  return {
    ...world,
    run: async (statement) => void (await client.query(statement)),
    async close() {
      await client.end();
      await world.close();
    },
  };
}

const postgres = await startPostgres();
afterAll(() => postgres?.stop());
const backends: Backend[] = [
  { name: 'PGlite', many: often(4_000, 100_000), open: embeddedWorld },
  ...(postgres
    ? [
        {
          name: 'PostgreSQL',
          many: often(20_000, 1_000_000),
          open: async () => onPostgres(await postgres.newDatabase()),
        },
      ]
    : []),
];

describe.each(backends)('with $many incidents in a store on $name', ({ name, many, open }) => {
  it(`an event costs about what it costs with ${few}, from its delivery to its disposition`, async () => {
    const stores = await Promise.all(
      [few, many].map(async (incidents) => {
        const world = await open();
        onTestFinished(() => world.close());
        const began = performance.now();
        await fillStore(world.run, world.db, incidents);
        const filled = performance.now() - began;
        const lives = livesOn(world);
        await lives.live(inRound);
        const scanned = await lives.scannedRows();
        return { scanned, incidents, filled, lives, costs: [] as number[], times: [] as number[] };
      }),
    );
    // In turn, so that what else the machine does falls on both.
    for (let round = 0; round < rounds; round += 1)
      for (const { lives, costs, times } of round % 2 === 0 ? stores : stores.toReversed()) {
        const before = await lives.processorTimes();
        const began = performance.now();
        await lives.live(inRound);
        times.push((performance.now() - began) / (inRound * eventsOfLife));
        costs.push(spent(before, await lives.processorTimes()) / (inRound * eventsOfLife));
      }
    const large = stores.at(-1);
    const scanned = ((await large?.lives.scannedRows()) ?? 0) - (large?.scanned ?? 0);
    const told = stores.map(
      ({ incidents, filled, costs, times }) =>
        `with ${incidents} (filled in ${(filled / 1_000).toFixed(0)} s) ${Math.min(...costs).toFixed(2)} ms of a processor, ${median(times).toFixed(2)} ms`,
    );
    // What else the machine does only adds to a round.
    const [cheap = 0, dear = 0] = stores.map(({ costs }) => Math.min(...costs));
    console.info(
      `${name}, an event and its share of a run: ${told.join('; ')}; ${(dear / cheap).toFixed(2)} times; ` +
        `${scanned} rows read by scans`,
    );
    // One look through the smallest of the tables that have grown is more.
    expect(scanned).toBeLessThan(many);
    expect(dear / cheap).toBeLessThanOrEqual(grows);
  }, 3_600_000);
});
