import { sql } from 'kysely';
import type { Deed } from '../../domain/deed.ts';
import { detailOf, type RecordRow } from '../../domain/record.ts';
import type { Context } from '../context.ts';
import { keyText } from '../json.ts';
import { recordRow, type StoredLine } from '../record/record.ts';

export interface Deeds {
  /** What runs on an incident have changed that cannot be taken back harmlessly, and what a guard has held, oldest first. */
  deedsOn(subject: string): Promise<Deed[]>;
}

/** A run makes few such changes; a card has no room for more. */
const mostLines = 40;

export function deedsOn({ db }: Pick<Context, 'db'>): Deeds {
  return {
    async deedsOn(subject) {
      const tells = sql`subject = ${keyText(subject)} and (
        action = 'activity.completed' and detail like '%"kind":"destructive"%'
        or action = 'activity.refused' and detail like '%"held":{%')`;
      const { rows } = await sql<StoredLine>`
        select seq, at, actor, via, action, subject, detail, null as previous, null as hash from (
          (select seq, null::bigint as id, at, actor, via, action, subject, detail from record
            where ${tells} order by seq desc limit ${mostLines})
          union all
          (select null, id, at, actor, via, action, subject, detail from record_queue
            where ${tells} order by id desc limit ${mostLines})
        ) as line order by seq nulls last, id`.execute(db);
      return deedsIn(rows.map(recordRow));
    },
  };
}

/** Of what was tried again and again, and held each time, the newest; what was made in the end is no more held. */
function deedsIn(lines: readonly RecordRow[]): Deed[] {
  const found = new Map<string, Deed>();
  for (const line of lines) {
    const { at } = line;
    const done = detailOf(line, 'activity.completed');
    const held = detailOf(line, 'activity.refused');
    const { key, run = '' } = done ?? held ?? {};
    if (key === undefined) continue;
    const isMade = done && (done.result as { changed?: boolean } | undefined)?.changed !== false;
    const of = `${run} ${held?.held?.guard ?? key}`;
    if (done) for (const [known, { key: other }] of found) if (other === key) found.delete(known);
    if (isMade) found.set(key, { key, run, at, did: done.summary ?? done.activity ?? '' });
    if (!held?.failure) continue;
    found.delete(of);
    found.set(of, { key, run, at, held: held.failure.message });
  }
  return [...found.values()];
}
