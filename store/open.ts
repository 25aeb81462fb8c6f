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
import { stuckPart } from './stuck.ts';
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
  if (options.databaseUrl) return makeStore(await guard(openPostgres(options.databaseUrl)), options);
  const { db, release } = await openEmbedded(options.dataDir);
  const store = makeStore(db, options);
  return {
    ...store,
    async close() {
      await store.close();
      release();
    },
  };
}

/** A store on an open database, whose tables are up to date. It acts under a name of its own in leases. */
export function makeStore(db: Kysely<Tables>, options: Pick<StoreOptions, 'secrets' | 'onPending'>): Store {
  const scrub = makeScrubber(options.secrets ?? []);
  const context: Context = {
    db,
    me: randomUUID(),
    held: new Set(),
    scrub,
    makeLine: lineMaker(scrub),
    onPending: options.onPending ?? (() => undefined),
  };
  return guarded({
    ...inboxPart(context),
    ...leasesPart(context),
    ...eventsPart(context),
    ...dispatchPart(context),
    ...runsPart(context),
    ...stuckPart(context),
    ...effectsPart(context),
    ...recordPart(context),
    ping: () => ping(db),
    close: () => db.destroy(),
  });
}

/** A database that answers and cannot be written to is no store either. */
async function ping(db: Kysely<Tables>): Promise<void> {
  const answer = sql<{ state: string }>`select current_setting('transaction_read_only') as state`.execute(db);
  const { rows } = await inTime(answer);
  if (rows[0]?.state === 'on') throw new StoreUnavailable('The store is not available: it is read-only');
}

async function inTime<T>(promise: Promise<T>): Promise<T> {
  const { promise: timeout, reject } = Promise.withResolvers<never>();
  const late = new StoreUnavailable('The store is not available: it did not answer in time');
  const timer = setTimeout(() => reject(late), pingWithinMs);
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** Gives what the database says a meaning: see `storeError`. */
async function guard<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    throw storeError(error);
  }
}

function guarded(store: Store): Store {
  return {
    receive: (delivery) => guard(store.receive(delivery)),
    claim: (limit) => guard(store.claim(limit)),
    renew: () => guard(store.renew()),
    release: () => guard(store.release()),
    backlog: () => guard(store.backlog()),
    findEvent: (seqOrId) => guard(store.findEvent(seqOrId)),
    listEvents: (filter) => guard(store.listEvents(filter)),
    replay: (seq, actor, via) => guard(store.replay(seq, actor, via)),
    situation: (subject) => guard(store.situation(subject)),
    decide: (decision) => guard(store.decide(decision)),
    settle: (settlement) => guard(store.settle(settlement)),
    findRun: (id) => guard(store.findRun(id)),
    listRuns: (filter) => guard(store.listRuns(filter)),
    endRun: (end) => guard(store.endRun(end)),
    liveRunsAfter: (id, limit) => guard(store.liveRunsAfter(id, limit)),
    listStuckRuns: (limit) => guard(store.listStuckRuns(limit)),
    setStuck: (run, stuck, entry) => guard(store.setStuck(run, stuck, entry)),
    intend: (effect) => guard(store.intend(effect)),
    conclude: (outcome) => guard(store.conclude(outcome)),
    claimEcho: (echo) => guard(store.claimEcho(echo)),
    append: (entries) => guard(store.append(entries)),
    seal: () => guard(store.seal()),
    head: () => guard(store.head()),
    readRecord: (filter) => guard(store.readRecord(filter)),
    verifyRecord: () => guard(store.verifyRecord()),
    ping: () => guard(store.ping()),
    close: () => store.close(),
  };
}
