import { once } from 'node:events';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Kysely, sql } from 'kysely';
import { watchedDialect } from '../driver.ts';
import { migrate } from '../migrations.ts';
import { type OutageListener, watchOutages } from '../outage.ts';
import type { Tables } from '../tables.ts';
import { openSession } from './dialect.ts';
import { secureDataFolder } from './folder.ts';
import { lockFolder } from './lock.ts';
import { spaceGate } from './space.ts';

export interface EmbeddedOptions {
  /** False: what was committed in the last moments may be lost in a power cut. Default true. */
  fsync?: boolean | undefined;
  listener?: OutageListener | undefined;
  /** Called when the database has ended by itself: nothing that it is asked for will ever be done. It must not throw. */
  onLost?: ((error: Error) => void) | undefined;
}

/** The embedded database in `<dataDir>/store`. `release` frees the folder, after the database was closed. Throws `DataFolderInUse`, `DataFolderUnsafe`. */
export async function openEmbedded(
  dataDir: string,
  { fsync = true, listener, onLost }: EmbeddedOptions = {},
): Promise<{ db: Kysely<Tables>; release: () => void; checkSpace: () => void }> {
  secureDataFolder(dataDir);
  const release = await lockFolder(dataDir);
  try {
    const folder = join(dataDir, 'store');
    if (!existsSync(folder)) await prepareFolder(folder);
    const { session, plain } = await openSession(folder, fsync, onLost);
    const space = spaceGate(dataDir);
    const db = new Kysely<Tables>({ dialect: watchedDialect(session, watchOutages(listener), space.gate) });
    try {
      await migrate(new Kysely<Tables>({ dialect: plain }));
      await takeStock(db);
    } catch (error) {
      await db.destroy();
      throw error;
    }
    return { db, release, checkSpace: space.check };
  } catch (error) {
    release();
    throw error;
  }
}

/**
 * Making a database takes seconds, and one that was interrupted in it never opens again. So it is made under another name, and
 * renamed when it is complete. A thread makes it: what that took is some hundred megabytes, and goes with the thread.
 */
async function prepareFolder(folder: string): Promise<void> {
  const unfinished = `${folder}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  const thread = new Worker(new URL('./make-database.ts', import.meta.url), { workerData: unfinished });
  const [code] = await once(thread, 'exit');
  if (code !== 0)
    throw new Error(
      `The embedded database could not be made in ${unfinished} (exit code ${code}). Start Baton again`,
    );
  renameSync(unfinished, folder);
}

/**
 * This process has the database for itself, so leases of an earlier one are void. And nothing vacuums by itself here: rows that were
 * changed or removed would fill the tables that change most.
 */
async function takeStock(db: Kysely<Tables>): Promise<void> {
  await sql`update inbox set leased_by = null where disposition is null and leased_by is not null`.execute(
    db,
  );
  await sql`delete from processes`.execute(db);
  await sql`vacuum (analyze) inbox, processes, incidents, runs, effects, effect_targets, record, record_queue`.execute(
    db,
  );
}
