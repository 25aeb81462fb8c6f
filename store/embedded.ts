import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { Kysely, PGliteDialect, sql } from 'kysely';
import { lockFolder } from './lock.ts';
import { migrate } from './migrations.ts';
import type { Tables } from './tables.ts';

const bytea = 17;
/** PGlite's own go byte by byte, and took most of the time of storing an event. */
const serializers = { [bytea]: (bytes: Uint8Array) => `\\x${Buffer.from(bytes).toString('hex')}` };
const parsers = { [bytea]: (text: string) => Buffer.from(text.slice(2), 'hex') };

/** The default, an eighth of a gigabyte, is for machines that do nothing else: it cost 150 MB, and half the time of a start. */
const postgresqlconf = ['shared_buffers=16MB'];

/** The embedded database in `<dataDir>/store`. `release` frees the folder, after the database was closed. Throws `DataFolderInUse`. */
export async function openEmbedded(dataDir: string): Promise<{ db: Kysely<Tables>; release: () => void }> {
  mkdirSync(dataDir, { recursive: true });
  const release = lockFolder(dataDir);
  try {
    const folder = join(dataDir, 'store');
    if (!existsSync(folder)) await prepareFolder(folder);
    const pglite: PGlite = await PGlite.create(folder, { serializers, parsers, postgresqlconf });
    const db = new Kysely<Tables>({ dialect: new PGliteDialect({ pglite }) });
    try {
      await migrate(db);
      await takeStock(db);
    } catch (error) {
      await db.destroy();
      throw error;
    }
    return { db, release };
  } catch (error) {
    release();
    throw error;
  }
}

/**
 * Making a database takes seconds, and one that was interrupted in it never opens again. So it is made under another name, and
 * renamed when it is complete.
 */
async function prepareFolder(folder: string): Promise<void> {
  const unfinished = `${folder}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  const pglite = await PGlite.create(unfinished);
  await pglite.close();
  renameSync(unfinished, folder);
}

/**
 * This process has the database for itself, so leases of an earlier one are void. And nothing vacuums by itself here: rows that were
 * changed or removed would fill the tables that change most.
 */
async function takeStock(db: Kysely<Tables>): Promise<void> {
  await sql`update inbox set leased_by = null, leased_until = null where disposition is null`.execute(db);
  await sql`vacuum (analyze) inbox, runs, effects, record_queue`.execute(db);
}
