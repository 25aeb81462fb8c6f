import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { now } from '../../bench/load.ts';
import { batonCommand, startBaton } from '../faults/process.ts';
import { startPostgres } from '../store/postgres.ts';

const starts = 5;

const postgres = await startPostgres();
afterAll(() => postgres?.stop());
const places = [
  { name: 'the embedded store', databaseUrl: async () => undefined, first: 12_000 },
  ...(postgres ? [{ name: 'PostgreSQL', databaseUrl: () => postgres.newDatabase(), first: 5_000 }] : []),
];

/** Milliseconds from the start of a process to its readiness. */
async function timeOf(env: Record<string, string>): Promise<number> {
  const began = now();
  const baton = await startBaton(env, undefined, batonCommand('start'));
  const took = now() - began;
  await baton.kill('SIGTERM');
  return took;
}

it.each(places)(
  'Baton in one process with $name is ready soon after its start, and sooner after the next',
  async ({ name, databaseUrl, first }) => {
    const firsts: number[] = [];
    const later: number[] = [];
    for (let start = 0; start < starts; start += 1) {
      const folder = await mkdtemp(join(tmpdir(), 'baton-start-'));
      // Not as a setting of this start: with that the folder would be given what a first start makes.
      vi.stubEnv('BATON_DATA_DIR', join(folder, 'data'));
      const url = await databaseUrl();
      const env = {
        PAGERDUTY_WEBHOOK_SECRETS: 'a-secret-of-this-test',
        ...(url === undefined ? {} : { DATABASE_URL: url, BATON_SECRET_KEY: 'the key of this test' }),
      };
      firsts.push(await timeOf(env));
      later.push(await timeOf(env));
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
    vi.unstubAllEnvs();
    const told = (times: number[]) => times.map((time) => (time / 1_000).toFixed(1)).join(', ');
    console.info(`L10 with ${name}, in seconds: first ${told(firsts)}; later ${told(later)}`);
    expect(Math.max(...firsts)).toBeLessThanOrEqual(first);
    expect(Math.max(...later)).toBeLessThanOrEqual(5_000);
  },
  600_000,
);
