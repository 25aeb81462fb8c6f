import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { Time } from '../columns.ts';
import type { Context } from '../context.ts';
import { keyText } from '../json.ts';

export interface RepeatsTable {
  source: string;
  /** What it is about; where it does not say so, its digest. */
  about: string;
  digest: string;
  event_id: string;
  first_at: Time;
}

/** What says nothing of its own by which it is told from others: only its bytes do. */
export interface Worded {
  source: string;
  digest: string;
  /** What it says that it is about. */
  about?: string | undefined;
  /** What its sender calls it, where that is not shown to be so. */
  calledBySender?: string | undefined;
}

export interface Repeats {
  /**
   * The id of the event that is told by these words: the one that was told by the same words last, where that was so short a time ago that a
   * sender repeats it, and nothing else was told of the same thing since. Else a new one.
   */
  idByWords(worded: Worded): Promise<string>;
}

/**
 * Longer than senders without ids of their own repeat what was not answered, which is seconds to minutes (curl, Jenkins, Argo CD, Grafana, an SNS
 * topic as it is set up), and shorter than monitors wait until they say the same again, which is an hour and more.
 */
export const repeatMinutes = 30;

export const repeatSteps = [
  `create table repeats (
    source text not null,
    about text not null,
    digest text not null,
    event_id text not null,
    first_at timestamptz not null,
    primary key (source, about)
  )`,
  `create index repeats_first on repeats (first_at)`,
];

export function repeatsOn({ db }: Context): Repeats {
  return {
    async idByWords({ source, digest, about = digest, calledBySender }) {
      // Written before the event: whoever is cut off in between finds the same id again.
      const id = calledBySender ?? `${digest}/${randomBytes(4).toString('hex')}`;
      const isRepeat = sql`known.digest = excluded.digest and known.first_at > now() - make_interval(mins => ${repeatMinutes})`;
      const { rows } = await sql<{ id: string }>`
        insert into repeats as known (source, about, digest, event_id, first_at)
        values (${keyText(source)}, ${keyText(about)}, ${digest}, ${keyText(id)}, now())
        on conflict (source, about) do update set digest = excluded.digest,
          event_id = case when ${isRepeat} then known.event_id else excluded.event_id end,
          first_at = case when ${isRepeat} then known.first_at else excluded.first_at end
        returning event_id as id`.execute(db);
      return rows[0]?.id ?? id;
    },
  };
}
