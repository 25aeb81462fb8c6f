import { afterAll } from 'vitest';
import { startPostgres } from './postgres.ts';
import { embeddedWorld, postgresWorld, type World } from './world.ts';

/**
 * What the same tests run on: PGlite, and PostgreSQL where there is one, each open until the file's tests are over. To be awaited at the
 * top of a test file.
 */
export async function backends(): Promise<{ name: string; world: World }[]> {
  const postgres = await startPostgres();
  if (postgres) afterAll(() => postgres.stop());
  const embedded = { name: 'PGlite', world: await embeddedWorld() };
  const all = postgres
    ? [embedded, { name: 'PostgreSQL', world: await postgresWorld(await postgres.newDatabase()) }]
    : [embedded];
  // The last that is told of is the first that is done: worlds close before their server stops.
  for (const { world } of all) afterAll(() => world.close());
  return all;
}
