import { randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Context } from './context.ts';
import { openPostgres } from './database.ts';
import { dispatchPart } from './dispatch.ts';
import { effectsPart } from './effects.ts';
import { openEmbedded } from './embedded.ts';
import { storeError } from './errors.ts';
import { eventsPart } from './events.ts';
import { inboxPart } from './inbox.ts';
import { leasesPart } from './leases.ts';
import { lineMaker } from './lines.ts';
import { recordPart } from './record.ts';
import { runsPart } from './runs.ts';
import { makeScrubber } from './scrub.ts';
import { type Store, StoreUnavailable } from './store.ts';
import type { Tables } from './tables.ts';

const pingWithinMs = 1900;

export interface StoreOptions {
  /** PostgreSQL. Without it: the embedded database in `dataDir`. */
  databaseUrl?: string | undefined;
  dataDir: string;
  /** Values that must never stand in the record. */
  secrets?: readonly string[];
  /**
   * Called after a commit that made an event pending which this process does not hold, so that it need not wait until somebody
   * looks. It must not throw.
   */
  onPending?: () => void;
}

/**
 * Opens the store and brings its tables up to date. Rejects with `DataFolderInUse` when another process has the embedded database
 * open, and with `StoreUnavailable` when PostgreSQL cannot be reached.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const opened = options.databaseUrl
    ? { db: await openPostgres(options.databaseUrl).catch(rethrow), release: () => undefined }
    : await openEmbedded(options.dataDir);
  const { db, release } = opened;
  const scrub = makeScrubber(options.secrets ?? []);
  const context: Context = {
    db,
    me: randomUUID(),
    held: new Set(),
    scrub,
    makeLine: lineMaker(scrub),
    onPending: options.onPending ?? (() => undefined),
  };
  return {
    ...guarded({
      ...inboxPart(context),
      ...leasesPart(context),
      ...eventsPart(context),
      ...dispatchPart(context),
      ...runsPart(context),
      ...effectsPart(context),
      ...recordPart(context),
    }),
    ping: () => ping(db),
    async close() {
      await db.destroy();
      release();
    },
  };
}
