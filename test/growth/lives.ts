import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import { type ProcessorTimes, timesOf } from '../../bench/processor.ts';
import { runEnd } from '../../domain/run-end.ts';
import type { Dispatcher } from '../../server/dispatch/dispatch.ts';
import { createInbox } from '../../server/receiving/inbox.ts';
import type { Store } from '../../store/store.ts';
import { onTriggered } from '../fixtures/on-triggered.ts';
import { dispatcherOn } from '../server/dispatcher.ts';
import { delivery, entry, fresh, intent, outcome, type World } from '../store/world.ts';
import { filledTables } from './fill.ts';

/** Of each life: triggered, acknowledged, the end of its run, resolved. */
export const eventsOfLife = 4;
const atOnce = 8;

/** A server's way from a delivery to its disposition on a store, with a Temporal that takes each run at once. */
export interface Lives {
  /** New incidents, from their first event to their last, with a run and two changes each, sealed. */
  live(incidents: number): Promise<void>;
  /** Milliseconds of a processor so far, by process: of this one with all its threads, and of the database's own. */
  processorTimes(): Promise<ProcessorTimes>;
  /** Rows that were read so far because a whole table was. The database tells of them some seconds late. */
  scannedRows(): Promise<number>;
}

export function livesOn({ db, newStore }: World): Lives {
  const store = newStore();
  const settlements = new Map<number, PromiseWithResolvers<void>>();
  const settlementOf = (seq: number) => {
    const known = settlements.get(seq) ?? Promise.withResolvers<void>();
    settlements.set(seq, known);
    return known;
  };
  const watched: Store = {
    ...store,
    async settle(settlement) {
      const isOurs = await store.settle(settlement);
      settlementOf(settlement.seq).resolve();
      return isOurs;
    },
  };
  const dispatcher: Dispatcher = dispatcherOn(watched, [onTriggered], {
    start: async () => undefined,
    signal: async () => undefined,
  });
  const inbox = createInbox(store, dispatcher.enqueue);

  async function tell(subject: string, status: 'triggered' | 'acknowledged' | 'resolved'): Promise<void> {
    const eventId = fresh(`${subject}-`);
    const time = new Date().toISOString();
    const type = `pagerduty.incident.${status}`;
    const service = { id: `PS${eventId.length % 7}`, name: 'Search' };
    const title = 'p99 latency above 2 s';
    const data = { id: subject, title, status, urgency: 'high', service, assignees: [], teams: [] };
    const event = { id: eventId, source: '/pagerduty/default', type, subject, time, data };
    const body = Buffer.from(JSON.stringify(event));
    const given = delivery({ source: event.source, eventId, type, subject, time, event, body });
    const { seq } = await inbox.store(given);
    await settlementOf(seq).promise;
    settlements.delete(seq);
  }

  async function change(subject: string, place: number): Promise<void> {
    const runId = `on-triggered/${subject}`;
    const key = `${runId}/${place}`;
    await store.intend(
      intent({
        key,
        runId,
        subject,
        activity: 'acknowledgePagerDutyIncident',
        targets: [`pagerduty:${subject}/${place}`],
        entry: entry({ action: 'activity.intended', subject }),
      }),
    );
    await store.conclude(outcome(key, { entry: entry({ action: 'activity.completed', subject }) }));
  }

  async function liveOne(): Promise<void> {
    const subject = fresh('QNEW');
    await tell(subject, 'triggered');
    await change(subject, 1);
    await change(subject, 2);
    await tell(subject, 'acknowledged');
    const run = await store.findRun(`on-triggered/${subject}`);
    if (!run) throw new Error(`No run was begun for ${subject}`);
    const at = new Date().toISOString();
    await store.endRun(runEnd(run, { state: 'completed', outcome: 'done', at, via: 'worker' }));
    await tell(subject, 'resolved');
  }

  return {
    async live(incidents) {
      let left = incidents;
      const one = async () => {
        while (left > 0) {
          left -= 1;
          await liveOne();
        }
      };
      await Promise.all(Array.from({ length: atOnce }, one));
      while ((await store.backlog()).pending > 0) await pause(20);
      while ((await store.seal()) > 0);
    },
    processorTimes: async () => timesOf(await processesOf(db)),
    async scannedRows() {
      await sql`select pg_stat_force_next_flush()`.execute(db);
      const { rows } = await sql<{
        rows: number;
      }>`select sum(seq_tup_read)::float8 as rows from pg_stat_user_tables
        where relname = any (${`{${filledTables.join(',')}}`}::text[])`.execute(db);
      return rows[0]?.rows ?? 0;
    },
  };
}

/** This process with all its threads, and those of its connections to PostgreSQL. The embedded store is in this one. */
async function processesOf(db: World['db']): Promise<number[]> {
  const { rows } = await sql<{ pid: number }>`
    select pid from pg_stat_activity where datname = current_database() and application_name = 'baton'`.execute(
    db,
  );
  return [process.pid, ...rows.map(({ pid }) => pid)];
}
