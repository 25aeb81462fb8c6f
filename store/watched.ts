import { sql } from 'kysely';
import type { Delivery } from '../domain/delivery.ts';
import type { Entry } from '../domain/record.ts';
import type { Trouble, Watched } from '../domain/watched.ts';
import type { Json, Time } from './columns.ts';
import type { Context } from './context.ts';
import { inboxColumns, inboxRow, inboxTypes, inboxValues, receivedEntry } from './events/inbox.ts';
import { canonicalJson } from './json.ts';
import { appendLines } from './record/record.ts';

export interface DutiesTable {
  name: string;
  held_by: string | null;
  held_until: Time | null;
}

export interface WatchedTable {
  key: string;
  condition: string;
  trouble: Json<Trouble>;
  since: Time;
  stage: Watched['stage'];
  over_since: Time | null;
}

/** What the watchdog keeps: who watches, and what is wrong now. */
export interface WatchedThings {
  /** Takes what one at a time does, for so many seconds: this process, or whom `holder` names. False: another one does it. */
  takeDuty(name: string, seconds: number, holder?: string): Promise<boolean>;
  /** Hands over this one. */
  releaseDuty(name: string, holder: string): Promise<void>;
  /** Hands over what this process does. */
  releaseDuties(): Promise<void>;
  /** All that is wrong, or was and is still to be taken back. */
  listWatched(): Promise<Watched[]>;
  /** Keeps it as it is now, with the line for the record. */
  keepWatched(watched: Watched, entry?: Entry): Promise<void>;
  /** It is over and taken back. */
  dropWatched(key: string, entry?: Entry): Promise<void>;
  /** Puts an event of the engine into the inbox, with the lines that belong to it. False, and nothing written, where it was there before. */
  tell(event: Omit<Delivery, 'body'>, entries?: readonly Entry[]): Promise<boolean>;
}

export const watchdogSteps = [
  `create table duties (name text primary key, held_by text, held_until timestamptz)`,
  `create table watched (
    key text primary key,
    condition text not null,
    trouble jsonb not null,
    since timestamptz not null,
    stage text not null,
    over_since timestamptz
  )`,
  // What was kept of a page beside a run moves here, so that an open alert is resolved by whoever watches from now on.
  `insert into watched select distinct on (key) key, condition,
      jsonb_build_object('key', key, 'summary', stuck->>'message', 'severity', 'critical', 'component', workflow,
        'class', stuck->>'reason', 'details', jsonb_build_object()),
      (stuck->>'since')::timestamptz, 'paged'
    from (
      select workflow, stuck, case when stuck->>'reason' = 'NoWorker' then 'worker.unhealthy' else 'run.stuck' end as condition,
        case when stuck->>'reason' = 'NoWorker' then 'baton/worker/NoWorker/all'
          else 'baton/' || workflow || '/RunStuck/' || (stuck->>'reason') end as key
      from runs where stuck->>'paged' = 'true' or stuck->>'pagingSince' is not null
    ) as told order by key`,
  `update runs set stuck = case when stuck->>'over' is null then stuck - 'paged' - 'pagingSince' end where stuck is not null`,
];

/** The envelope is the event: it came from nowhere, so there are no bytes. */
const noBody = new Uint8Array();

export function watchedOn({ db, me, scrub, makeLine, onPending }: Context): WatchedThings {
  const lines = (entries: readonly (Entry | undefined)[]) =>
    appendLines(entries.filter((entry) => entry !== undefined).map(makeLine));
  return {
    async takeDuty(name, seconds, holder = me) {
      const { rows } = await sql`
        insert into duties (name, held_by, held_until)
        values (${name}, ${holder}, statement_timestamp() + make_interval(secs => ${seconds}))
        on conflict (name) do update set held_by = excluded.held_by, held_until = excluded.held_until
          where duties.held_by is null or duties.held_by = ${holder} or duties.held_until < statement_timestamp()
            -- Said before the clock was set back.
            or duties.held_until > statement_timestamp() + interval '1 day'
        returning name`.execute(db);
      return rows.length > 0;
    },

    async releaseDuty(name, holder) {
      await sql`delete from duties where name = ${name} and held_by = ${holder}`.execute(db);
    },

    async releaseDuties() {
      await sql`update duties set held_by = null, held_until = null where held_by = ${me}`.execute(db);
    },

    async listWatched() {
      const rows = await db.selectFrom('watched').selectAll().orderBy('key').execute();
      return rows.map(({ condition, trouble, since, stage, over_since }) => ({
        condition,
        trouble,
        since: since.toISOString(),
        stage,
        ...(over_since ? { overSince: over_since.toISOString() } : {}),
      }));
    },

    async keepWatched({ condition, trouble, since, stage, overSince }, entry) {
      const told = canonicalJson(trouble, scrub);
      await sql`
        with kept as (
          insert into watched (key, condition, trouble, since, stage, over_since)
          values (${trouble.key}, ${condition}, ${told}::jsonb, ${since}, ${stage}, ${overSince ?? null})
          on conflict (key) do update set condition = excluded.condition, trouble = excluded.trouble, since = excluded.since,
            stage = excluded.stage, over_since = excluded.over_since
        )
        ${lines([entry])}`.execute(db);
    },

    async dropWatched(key, entry) {
      await sql`with dropped as (delete from watched where key = ${key}) ${lines([entry])}`.execute(db);
    },

    async tell(event, entries = []) {
      const { rows } = await sql`
        with stored as (
          insert into inbox (${inboxColumns}, body)
          select ${inboxValues}, ${noBody}::bytea
          from jsonb_to_recordset(${JSON.stringify([inboxRow(event)])}::jsonb) as given (${inboxTypes})
          on conflict do nothing
          returning event_id
        ), noted as (
          ${appendLines(
            [...entries, receivedEntry({ ...event, body: noBody })].map(makeLine),
            sql`exists (select from stored)`,
          )}
        )
        select event_id from stored`.execute(db);
      if (rows.length > 0) onPending();
      return rows.length > 0;
    },
  };
}
