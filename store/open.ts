import { randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { StoreUnavailable } from '../domain/store-unavailable.ts';
import { makeScrubber, type Scrub } from '../secrets/scrub.ts';
import { answersOn } from './answers.ts';
import { approvalsOn } from './asked/approvals.ts';
import { questionsOn } from './asked/questions.ts';
import { callbacksOn } from './callbacks.ts';
import { budgetsOn, ownBudgets } from './changes/budgets.ts';
import { deedsOn } from './changes/deeds.ts';
import { echoesOn } from './changes/echoes.ts';
import { effectsOn } from './changes/effects.ts';
import { holdsOn } from './changes/holds.ts';
import { journalOn } from './changes/journal.ts';
import { madeOn } from './changes/made.ts';
import { connectionsOn } from './connections/connections.ts';
import { consentsOn } from './connections/consents.ts';
import { setUpsOn } from './connections/set-up.ts';
import type { Context } from './context.ts';
import { openPostgres } from './database.ts';
import { embeddedOn, openEmbedded } from './embedded/embedded.ts';
import type { Session } from './embedded/session.ts';
import { diskOf } from './embedded/space.ts';
import { storeError } from './errors.ts';
import { alertKeepersOn } from './events/alert-keepers.ts';
import { decisionsOn } from './events/dispatch.ts';
import { eventsOn } from './events/events.ts';
import { heartbeatsOn } from './events/heartbeats.ts';
import { inboxOn } from './events/inbox.ts';
import { incidentTimesOn } from './events/incident-times.ts';
import { incidentsOn } from './events/incidents.ts';
import { leasesOn } from './events/leases.ts';
import { pullsOn } from './events/pulls.ts';
import { repeatsOn } from './events/repeats.ts';
import { schedulesOn } from './events/schedules.ts';
import { stormsOn } from './events/storms.ts';
import { keptTextsOn } from './kept-texts.ts';
import { listsOn } from './lists.ts';
import { noticesOn } from './notices.ts';
import type { OutageListener } from './outage.ts';
import { migrateAsOwner } from './owner.ts';
import { linkCodesOn } from './people/link-codes.ts';
import { localSessionsOn } from './people/local-sessions.ts';
import { peopleOn } from './people/people.ts';
import { sessionsOn } from './people/sessions.ts';
import { tokensOn } from './people/tokens.ts';
import { lineMaker } from './record/lines.ts';
import { recordOn } from './record/record.ts';
import { linesOn } from './record/search.ts';
import { retentionOn } from './retention.ts';
import { askedRunsOn } from './runs/asked-runs.ts';
import { byHandOn } from './runs/by-hand.ts';
import { drillsOn } from './runs/drills.ts';
import { loweringsOn } from './runs/lowerings.ts';
import { overdueRunsOn } from './runs/overdue.ts';
import { runsOn } from './runs/runs.ts';
import { shownRunsOn } from './runs/shown-runs.ts';
import { stuckRunsOn } from './runs/stuck.ts';
import { numbersOfWorkflowsOn } from './runs/workflow-numbers.ts';
import { sizesOn } from './size.ts';
import type { Store } from './store.ts';
import { subscriptionsOn } from './subscriptions.ts';
import type { Tables } from './tables.ts';
import { transcriptsOn } from './transcripts.ts';
import { untoldSubscribersOn } from './untold.ts';
import { watchedOn } from './watched.ts';

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
  /** The embedded database, where the caller has begun to open it (`beginDatabase`). The folder's lock stays his, and `fsync` and `onLost` are what he gave there. */
  begun?: Promise<Session> | undefined;
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
  const { begun, fsync, outages: listener, onLost } = options;
  const { db, release, checkSpace } = begun
    ? { ...(await embeddedOn(await begun, options.dataDir, listener)), release: () => {} }
    : await openEmbedded(options.dataDir, { fsync, listener, onLost });
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
