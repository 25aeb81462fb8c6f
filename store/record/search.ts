import { type RawBuilder, sql } from 'kysely';
import type { RecordRow } from '../../domain/record.ts';
import type { Context } from '../context.ts';
import { cleanText, keyText } from '../json.ts';
import { allOf, looksAtMost, type Page, pageOf, textsOf } from '../lists.ts';
import { actorKey } from './lines.ts';
import { type LineColumns, recordRow, type StoredLine } from './record.ts';

export interface LineFilter {
  subject?: string | undefined;
  actor?: string | undefined;
  action?: string | undefined;
  /** What a change acted on: `ec2:i-0abc12345def67890`. */
  target?: string | undefined;
  /** ISO times: from the first on, before the second. */
  from?: string | undefined;
  to?: string | undefined;
  before?: number | undefined;
  limit: number;
}

/** A line as whoever follows the record hears of it. */
export interface NewLine {
  seq: number;
  at: string;
  actor: string;
  action: string;
  subject: string;
}

/** A linked line, its detail as the text that was hashed. */
export type LinkedLine = LineColumns & { seq: number; previous: string; hash: string };

/** The record, to search in, to take out and to follow. Lines that are not linked yet are not among them: they soon are. */
export interface Lines {
  /** Newest first. A page looks at a bounded number of lines, so it may be short and have a next one. */
  searchRecord(filter: LineFilter): Promise<Page<RecordRow, number>>;
  /** The lines after a number, as they were linked, oldest first. */
  linkedLines(after: number, limit: number): Promise<LinkedLine[]>;
  /** What is new after a number, oldest first. */
  newLines(after: number, limit: number): Promise<NewLine[]>;
  /**
   * The lines about a subject, or of a run on it, oldest first, those that wait to be linked last. `skip`: so many of them after `after`
   * have been read; what is linked later keeps its place among them.
   */
  linesAbout(filter: {
    subject: string;
    run?: string | undefined;
    after: number;
    skip: number;
    limit: number;
  }): Promise<RecordRow[]>;
}

/** The clocks of processes differ, so lines stand in the order of their times only about so exactly. */
const clockSlackMs = 3_600_000;
/** A target has at most so many changes whose lines are looked for. */
const changesAtMost = 500;

export function linesOn({ db, scrub }: Context): Lines {
  /** The number of the first line that may be of this time or later. Lines have no gaps, so it is halved down to. */
  async function firstSince(time: number): Promise<number> {
    const { rows } = await sql<{ lowest: number }>`
      with recursive probe (low, high) as (
        select (select coalesce(min(seq), 1) from record), (select coalesce(max(seq), 0) + 1 from record)
        union all
        select case when is_before then middle + 1 else low end, case when is_before then high else middle end
        from probe, lateral (select (low + high) / 2 as middle) as half,
          lateral (select at < ${new Date(time).toISOString()} as is_before from record where seq = middle) as line
        where low < high
      )
      select max(low) as lowest from probe`.execute(db);
    return rows[0]?.lowest ?? 0;
  }

  async function effectsOnTarget(target: string): Promise<{ keys: string[]; subjects: string[] }> {
    const { rows } = await sql<{ key: string; subject: string }>`
      select key, coalesce(subject, run_id) as subject from effects where key = any (array(
        select key from effect_targets where target = ${cleanText(target)} limit ${changesAtMost}))`.execute(
      db,
    );
    return {
      keys: rows.map(({ key }) => key),
      subjects: [...new Set(rows.map(({ subject }) => keyText(subject)))],
    };
  }

  /** Each subject by itself, as the index has them: of several at once a plan may read the whole record, backwards. */
  const linesOfEach = (subjects: readonly string[], bounds: RawBuilder<unknown>) => sql`(
    select line.* from unnest(${textsOf(subjects)}) as one (name), lateral (
      select * from record where subject = one.name and ${bounds} order by seq desc limit ${looksAtMost}) as line) as lines`;

  async function lastLooked(found: RawBuilder<unknown>): Promise<number | undefined> {
    const { rows } = await sql<{ seq: number }>`
      select seq from ${found} order by seq desc offset ${looksAtMost - 1} limit 1`.execute(db);
    return rows[0]?.seq;
  }

  return {
    async searchRecord({ subject, actor, action, target, from, to, before, limit }) {
      const changes = target === undefined ? undefined : await effectsOnTarget(target);
      const since = from === undefined ? undefined : await firstSince(Date.parse(from) - clockSlackMs);
      const until = to === undefined ? undefined : await firstSince(Date.parse(to) + clockSlackMs);
      const about = subject && sql`subject = ${keyText(scrub(subject))}`;
      const by = actor && sql`actor = ${actorKey(actor, scrub)}`;
      const does = action && sql`action = ${keyText(action)}`;
      // One index finds the lines: the one that leaves the fewest. The rest is looked for in those.
      const asked = [about, by, does].filter((each) => each !== undefined && each !== '');
      const [key, ...rest] = changes ? [undefined, ...asked] : asked;
      const bounds = allOf([
        since !== undefined && sql`seq >= ${since}`,
        until !== undefined && sql`seq < ${until}`,
        before !== undefined && sql`seq < ${before}`,
      ]);
      const found = changes
        ? linesOfEach(changes.subjects, bounds)
        : sql`record where ${allOf([key, bounds])}`;
      const wanted = allOf([
        ...rest,
        changes && sql`detail::jsonb->>'key' = any (${textsOf(changes.keys)})`,
        from !== undefined && sql`at >= ${new Date(from).toISOString()}`,
        to !== undefined && sql`at < ${new Date(to).toISOString()}`,
      ]);
      const { rows } = await sql<StoredLine & { seq: number }>`
        select * from (
          select * from ${found} order by seq desc limit ${looksAtMost}
        ) as looked where ${wanted} order by seq desc limit ${limit + 1}`.execute(db);
      const end = rows.length <= limit ? await lastLooked(found) : undefined;
      return pageOf(rows, limit, {
        rowOf: recordRow,
        placeOf: ({ seq }) => seq,
        ...(end === undefined ? {} : { end }),
      });
    },

    async linkedLines(after, limit) {
      return db
        .selectFrom('record')
        .selectAll()
        .where('seq', '>', after)
        .orderBy('seq')
        .limit(limit)
        .execute();
    },

    async newLines(after, limit) {
      return db
        .selectFrom('record')
        .select(['seq', 'at', 'actor', 'action', 'subject'])
        .where('seq', '>', after)
        .orderBy('seq')
        .limit(limit)
        .execute();
    },

    async linesAbout({ subject, run, after, skip, limit }) {
      const only = allOf([
        sql`subject = ${keyText(scrub(subject))}`,
        run !== undefined && sql`detail::jsonb->>'run' = ${cleanText(scrub(run))}`,
      ]);
      const columns = sql.raw('at, actor, via, action, subject, detail');
      // One statement, so that no line is missed that is linked between two.
      const { rows } = await sql<StoredLine>`
        select seq, ${columns}, previous, hash from (
          (select seq, null::bigint as id, ${columns}, previous, hash from record
            where seq > ${after} and ${only} order by seq limit ${skip + limit})
          union all
          (select null, id, ${columns}, null, null from record_queue where ${only} order by id limit ${skip + limit})
        ) as line order by seq nulls last, id offset ${skip} limit ${limit}`.execute(db);
      return rows.map(recordRow);
    },
  };
}
