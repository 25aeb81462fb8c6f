import { type Generated, type GeneratedAlways, sql } from 'kysely';
import type { Notice, Notices } from '../domain/notice.ts';
import type { Time } from './columns.ts';
import type { Context } from './context.ts';
import { cleanText, keyText } from './json.ts';

export interface NoticesTable {
  /** The order in which they were left. */
  seq: GeneratedAlways<number>;
  run_id: string;
  id: string;
  person: string;
  /** JSON text of the `Notice`. */
  notice: string;
  left_at: Generated<Date>;
  /** Key of the effect that is about to tell it, or has told it. */
  claimed_by: string | null;
  told_at: Time | null;
}

export const noticeSteps: string[] = [
  `create table notices (
    seq bigint generated always as identity,
    run_id text not null,
    id text not null,
    person text not null,
    notice text not null,
    left_at timestamptz not null default now(),
    claimed_by text,
    told_at timestamptz,
    primary key (run_id, id)
  )`,
  `create index notices_untold on notices (person, seq) where told_at is null`,
  `create index notices_told on notices (person, told_at) where told_at is not null`,
  `create index notices_left_at on notices (left_at)`,
];

/** The notices that are kept. One of a run that has ended is told by nobody. */
export interface KeptNotices extends Notices {
  /** Leaves one to be told. The same id of a run leaves it once. */
  leaveNotice(left: { runId: string; id: string; person: string; notice: Notice }): Promise<void>;
  /** One that was not told is not told any more. */
  withdrawNotice(runId: string, id: string): Promise<void>;
}

/** For a run that is set back: what it has left before is not left anew. */
const kept = sql.raw(`interval '1 day'`);

export function noticesOn({ db }: Context): KeptNotices {
  return {
    async leaveNotice({ runId, id, person, notice }) {
      await sql`
        with over as (
          delete from notices where seq = any (array(
            select seq from notices where left_at < now() - ${kept} order by left_at limit 100 for update skip locked))
        )
        insert into notices (run_id, id, person, notice)
        values (${cleanText(runId)}, ${cleanText(id)}, ${keyText(person)}, ${cleanText(JSON.stringify(notice))})
        on conflict do nothing`.execute(db);
    },

    async withdrawNotice(runId, id) {
      await sql`delete from notices
        where run_id = ${cleanText(runId)} and id = ${cleanText(id)} and told_at is null`.execute(db);
    },

    async untoldNotices(person) {
      const { rows } = await sql<{ notice: string }>`
        select notice from notices where ${untold(person)} order by seq`.execute(db);
      const last = await sql<{ at: Date | null }>`
        select max(told_at) as at from notices where person = ${keyText(person)} and told_at is not null`.execute(
        db,
      );
      const at = last.rows[0]?.at;
      return { notices: rows.map(noticeOf), ...(at ? { lastToldAt: at.toISOString() } : {}) };
    },

    async claimNotices(person, key) {
      const { rows } = await sql<{ notice: string }>`
        with claimed as (
          update notices set claimed_by = ${cleanText(key)} where ${untold(person)} returning seq, notice
        )
        select notice from claimed order by seq`.execute(db);
      return rows.map(noticeOf);
    },

    async toldNotices(person, key, at) {
      await sql`update notices set told_at = ${at}::timestamptz
        where person = ${keyText(person)} and told_at is null and claimed_by = ${cleanText(key)}`.execute(db);
    },
  };
}

const untold = (person: string) => sql`person = ${keyText(person)} and told_at is null
  and not exists (select from runs where runs.id = notices.run_id and runs.ended_at is not null)`;

const noticeOf = ({ notice }: { notice: string }): Notice => JSON.parse(notice);
