import { afterAll } from 'vitest';
import { startPostgres } from './postgres.ts';
import { embeddedWorld, postgresWorld, type World } from './world.ts';

/** What the same tests run on: PGlite, and PostgreSQL where there is one. To be awaited at the top of a test file. */
export async function backends(): Promise<{ name: string; open: () => Promise<World> }[]> {
  const postgres = await startPostgres();
  const embedded = { name: 'PGlite', open: embeddedWorld };
  if (!postgres) return [embedded];
  afterAll(() => postgres.stop());
  return [embedded, { name: 'PostgreSQL', open: async () => postgresWorld(await postgres.newDatabase()) }];
}
