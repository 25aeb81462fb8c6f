import { Kysely, sql } from 'kysely';
import { watchedDialect } from '../driver.ts';
import { migrate } from '../migrations.ts';
import { type OutageListener, watchOutages } from '../outage.ts';
import type { Tables } from '../tables.ts';
import { beginDatabase, type DatabaseOptions } from './begin.ts';
import { dialectsOf } from './dialect.ts';
import { secureDataFolder } from './folder.ts';
import { lockFolder } from './lock.ts';
import type { Session } from './session.ts';
import { spaceGate } from './space.ts';

export interface EmbeddedOptions extends DatabaseOptions {
  listener?: OutageListener | undefined;
}

/** An embedded database whose tables are up to date. `release` frees the folder, after the database was closed. */
export interface Embedded {
  db: Kysely<Tables>;
  release: () => void;
  checkSpace: () => void;
}

/** The embedded database in `<dataDir>/store`, under the folder's lock. Throws `DataFolderInUse`, `DataFolderUnsafe`. */
export async function openEmbedded(
  dataDir: string,
  { fsync, listener, onLost }: EmbeddedOptions = {},
): Promise<Embedded> {
  secureDataFolder(dataDir);
  const release = await lockFolder(dataDir);
  try {
    const session = await beginDatabase(dataDir, { fsync, onLost });
    return { ...(await embeddedOn(session, dataDir, listener)), release };
  } catch (error) {
    release();
    throw error;
  }
}

/** The same on a database that is open already, by somebody who holds the folder's lock. Where it cannot be used, it is closed. */
export async function embeddedOn(
  session: Session,
  dataDir: string,
  listener?: OutageListener,
): Promise<Omit<Embedded, 'release'>> {
  const { quick, plain } = await dialectsOf(session);
  const space = spaceGate(dataDir);
  const db = new Kysely<Tables>({ dialect: watchedDialect(quick, watchOutages(listener), space.gate) });
  try {
    await migrate(new Kysely<Tables>({ dialect: plain }));
    await takeStock(db);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return { db, checkSpace: space.check };
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
