import { randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { StoreUnavailable } from '../domain/store-unavailable.ts';
import { makeScrubber, type Scrub } from '../secrets/scrub.ts';
import { alertKeepersOn } from './alert-keepers.ts';
import { answersOn } from './answers.ts';
import { approvalsOn } from './approvals.ts';
import { askedRunsOn } from './asked-runs.ts';
import { budgetsOn, ownBudgets } from './budgets.ts';
import { byHandOn } from './by-hand.ts';
import { callbacksOn } from './callbacks.ts';
import { connectionsOn } from './connections.ts';
import { consentsOn } from './consents.ts';
import type { Context } from './context.ts';
import { openPostgres } from './database.ts';
import { deedsOn } from './deeds.ts';
import { decisionsOn } from './dispatch.ts';
import { drillsOn } from './drills.ts';
import { echoesOn } from './echoes.ts';
import { effectsOn } from './effects.ts';
import { openEmbedded } from './embedded.ts';
import { storeError } from './errors.ts';
import { eventsOn } from './events.ts';
import { heartbeatsOn } from './heartbeats.ts';
import { holdsOn } from './holds.ts';
import { inboxOn } from './inbox.ts';
import { incidentTimesOn } from './incident-times.ts';
import { incidentsOn } from './incidents.ts';
import { journalOn } from './journal.ts';
import { keptTextsOn } from './kept-texts.ts';
import { leasesOn } from './leases.ts';
import { lineMaker } from './lines.ts';
import { linkCodesOn } from './link-codes.ts';
import { listsOn } from './lists.ts';
import { localSessionsOn } from './local-sessions.ts';
import { loweringsOn } from './lowerings.ts';
import { madeOn } from './made.ts';
import { noticesOn } from './notices.ts';
import type { OutageListener } from './outage.ts';
import { overdueRunsOn } from './overdue.ts';
import { migrateAsOwner } from './owner.ts';
import { peopleOn } from './people.ts';
import { pullsOn } from './pulls.ts';
import { questionsOn } from './questions.ts';
import { recordOn } from './record.ts';
import { repeatsOn } from './repeats.ts';
import { retentionOn } from './retention.ts';
import { runsOn } from './runs.ts';
import { schedulesOn } from './schedules.ts';
import { linesOn } from './search.ts';
import { sessionsOn } from './sessions.ts';
import { setUpsOn } from './set-up.ts';
import { shownRunsOn } from './shown-runs.ts';
import { sizesOn } from './size.ts';
import { diskOf } from './space.ts';
import type { Store } from './store.ts';
import { stormsOn } from './storms.ts';
import { stuckRunsOn } from './stuck.ts';
import { subscriptionsOn } from './subscriptions.ts';
import type { Tables } from './tables.ts';
import { tokensOn } from './tokens.ts';
import { transcriptsOn } from './transcripts.ts';
import { untoldSubscribersOn } from './untold.ts';
import { watchedOn } from './watched.ts';
import { numbersOfWorkflowsOn } from './workflow-numbers.ts';

const pingWithinMs = 1900;

export interface StoreOptions {
  /** PostgreSQL. Without it: the embedded database in `dataDir`. */
  databaseUrl?: string | undefined;
  /** The owner of the tables, who brings them up to date. Without it: the role of `databaseUrl`. */
  migrationDatabaseUrl?: string | undefined;
  dataDir: string;
  /** Values that must never stand in the record. */
  secrets?: readonly string[];
  /** Masks them, in place of `secrets`: it may learn of more while it is in use. */
  scrub?: Scrub;
  /**
   * Called after a commit that made an event pending which this process does not hold, so that it need not wait until somebody
   * looks. It must not throw.
   */
  onPending?: () => void;
  /** Of the embedded database: false trades the last sync to disk for speed. */
  fsync?: boolean | undefined;
  /** Told of each outage once when it begins and once when it ends. */
  outages?: OutageListener;
  /** Called when the embedded database has ended by itself: nothing that the store is asked for will ever be done. It must not throw. */
  onLost?: (error: Error) => void;
}

/**
 * Opens the store and brings its tables up to date. Rejects with `DataFolderInUse` when another process has the embedded database
 * open, and with `StoreUnavailable` when PostgreSQL cannot be reached.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  if (options.databaseUrl) {
    const { databaseUrl, migrationDatabaseUrl, outages } = options;
    if (migrationDatabaseUrl) await migrateAsOwner(migrationDatabaseUrl, databaseUrl);
    return makeStore(await openPostgres(databaseUrl, outages), options);
  }
  const { fsync, outages: listener, onLost } = options;
  const { db, release, checkSpace } = await openEmbedded(options.dataDir, { fsync, listener, onLost });
  const store = makeStore(db, options);
  return {
    ...store,
    ...ownBudgets(),
    size: async () => ({ ...(await store.size()), disk: diskOf(options.dataDir) }),
    async ping() {
      checkSpace();
      await store.ping();
    },
    async close() {
      await store.close();
      release();
    },
  };
}

/** A store on an open database, whose tables are up to date. It acts under a name of its own in leases. */
export function makeStore(
  db: Kysely<Tables>,
  options: Pick<StoreOptions, 'secrets' | 'scrub' | 'onPending'>,
): Store {
  const scrub = options.scrub ?? makeScrubber(options.secrets ?? []);
  const context: Context = {
    db,
    me: randomUUID(),
    held: new Set(),
    scrub,
    makeLine: lineMaker(scrub),
    onPending: options.onPending ?? (() => undefined),
  };
  return guarded({
    ...inboxOn(context),
    ...leasesOn(context),
    ...eventsOn(context),
    ...decisionsOn(context),
    ...runsOn(context),
    ...stuckRunsOn(context),
    ...effectsOn(context),
    ...echoesOn(context),
    ...recordOn(context),
    ...linesOn(context),
    ...incidentsOn(context),
    ...incidentTimesOn(context),
    ...numbersOfWorkflowsOn(context),
    ...shownRunsOn(context),
    ...listsOn(context),
    ...byHandOn(context),
    ...answersOn(context),
    ...approvalsOn(context),
    ...questionsOn(context),
    ...retentionOn(context),
    ...sizesOn(context),
    ...budgetsOn(context),
    ...connectionsOn(context),
    ...consentsOn(context),
    ...setUpsOn(context),
    ...tokensOn(context),
    ...peopleOn(context),
    ...linkCodesOn(context),
    ...noticesOn(context),
    ...transcriptsOn(context),
    ...keptTextsOn(context),
    ...loweringsOn(context),
    ...askedRunsOn(context),
    ...deedsOn(context),
    ...sessionsOn(context),
    ...localSessionsOn(context),
    ...pullsOn(context),
    ...stormsOn(context),
    ...drillsOn(context),
    ...alertKeepersOn(context),
    ...holdsOn(context),
    ...madeOn(context),
    ...journalOn(context),
    ...watchedOn(context),
    ...schedulesOn(context),
    ...heartbeatsOn(context),
    ...overdueRunsOn(context),
    ...subscriptionsOn(context),
    ...untoldSubscribersOn(context),
    ...callbacksOn(context),
    ...repeatsOn(context),
    ping: () => ping(db),
    close: () => db.destroy(),
  });
}

/** A database that answers and cannot be written to is no store either. */
async function ping(db: Kysely<Tables>): Promise<void> {
  const answer = sql<{ state: string }>`select current_setting('transaction_read_only') as state`.execute(db);
  const { rows } = await inTime(answer);
  if (rows[0]?.state === 'on')
    throw new StoreUnavailable('The store is not available: it is read-only', 'read-only');
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

/** What is asked after the end is refused above the driver, where all other failures get their meaning. */
function guarded<Functions extends Record<string, (...given: never[]) => Promise<unknown>>>(
  functions: Functions,
): Functions {
  const entries = Object.entries(functions).map(([name, call]) => [
    name,
    async (...given: never[]) => {
      try {
        return await call(...given);
      } catch (error) {
        throw storeError(error);
      }
    },
  ]);
  return Object.fromEntries(entries) as Functions;
}
