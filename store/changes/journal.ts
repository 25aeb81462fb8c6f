import { type Generated, sql } from 'kysely';
import type { JournalEntry } from '../../domain/journal.ts';
import type { Entry } from '../../domain/record.ts';
import type { Time } from '../columns.ts';
import type { Context } from '../context.ts';
import { cleanText } from '../json.ts';
import { appendLines } from '../record/record.ts';

export interface JournalTable {
  /** Of the effect. */
  key: string;
  /** JSON text of the `JournalEntry`. */
  entry: string;
  left_at: Generated<Date>;
  attempts: Generated<number>;
  /** Since when PagerDuty may have it. */
  uncertain_since: Time | null;
  /** Until then nobody tells it: somebody does so now, or it is too soon. */
  waits_until: Generated<Date>;
}

export const journalSteps = [
  `create table journal (
    key text primary key,
    entry text not null,
    left_at timestamptz not null default now(),
    attempts integer not null default 0,
    uncertain_since timestamptz,
    waits_until timestamptz not null default now()
  )`,
  `create index journal_waits_until on journal (waits_until)`,
];

/** A part of the statement that concludes effects: what is to be told of them is left with their outcome. */
export const leftToTell = sql`, left_to_tell as (
  insert into journal (key, entry)
  select key, journal from given where journal is not null and key in (select key from concluded)
  on conflict do nothing
)`;

/** A change that PagerDuty is to be told of, by this process and now. */
export interface ToTell {
  key: string;
  entry: JournalEntry;
  leftAt: string;
  /** 1 for the first. */
  attempt: number;
  /** An earlier attempt may have told it. */
  uncertainSince?: string;
}

/** The changes that PagerDuty is still to be told of. What was told, or is given up, is in the record alone. */
export interface Journal {
  /** Takes up to so many that are due, the oldest first; no other process takes them for so many seconds. */
  takeJournal(most: number, seconds: number): Promise<ToTell[]>;
  /** It was not told, and is tried again so much later. `isUncertain`: it may have been told. */
  tellLater(told: ToTell, seconds: number, isUncertain: boolean): Promise<void>;
  /** It is told, or given up. */
  settleJournal(key: string, entry: Entry): Promise<void>;
}

export function journalOn({ db, makeLine }: Context): Journal {
  return {
    async takeJournal(most, seconds) {
      const { rows } = await sql<{
        key: string;
        entry: string;
        left_at: Date;
        attempts: number;
        before: Date | null;
      }>`
        with due as (
          select key, uncertain_since as before from journal where waits_until <= now()
          order by waits_until limit ${most} for update skip locked
        )
        update journal set attempts = attempts + 1, waits_until = now() + make_interval(secs => ${seconds}),
          uncertain_since = coalesce(uncertain_since, now())
        from due where due.key = journal.key
        returning journal.key, entry, left_at, attempts, before`.execute(db);
      return rows.map(({ key, entry, left_at, attempts, before }) => ({
        key,
        entry: JSON.parse(entry),
        leftAt: left_at.toISOString(),
        attempt: attempts,
        ...(before ? { uncertainSince: before.toISOString() } : {}),
      }));
    },

    async tellLater({ key, attempt, uncertainSince }, seconds, isUncertain) {
      await sql`
        update journal set waits_until = now() + make_interval(secs => ${seconds}),
          uncertain_since = case when ${isUncertain}::boolean then uncertain_since else ${uncertainSince ?? null}::timestamptz end
        where key = ${cleanText(key)} and attempts = ${attempt}`.execute(db);
    },

    async settleJournal(key, entry) {
      await sql`
        with settled as (delete from journal where key = ${cleanText(key)} returning key)
        ${appendLines([makeLine(entry)], sql`exists (select from settled)`)}`.execute(db);
    },
  };
}
