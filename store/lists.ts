import { type RawBuilder, sql } from 'kysely';
import type { Disposition } from '../domain/disposition.ts';
import type { RunState, ShownRun } from '../domain/run.ts';
import type { Context } from './context.ts';
import { eventColumns, eventRow, type ListedEvent, type StoredListedEvent } from './events/events.ts';
import { cleanText, keyText } from './json.ts';
import { type StoredShownRun, shownRun, shownRunColumnsOf } from './runs/shown-runs.ts';

/**
 * A part of a list. `next` is where to go on, where there may be more: a place in the list's own order, which no insert moves. Rows that
 * come in later stand before the first page, so that going on neither loses nor repeats one.
 */
export interface Page<Row, Place> {
  items: Row[];
  next?: Place;
}

/** Of whose incidents: services by their ids. Left out: of all. */
export interface WithinServices {
  services?: readonly string[] | undefined;
}

/** Where a run stands among the others: when it was called for, to the microsecond, and its id. */
export interface RunPlace {
  at: string;
  id: string;
}

export interface EventFilter extends WithinServices {
  subject?: string | undefined;
  type?: string | undefined;
  disposition?: Disposition | 'pending' | undefined;
  before?: number | undefined;
  limit: number;
}

export interface RunFilter extends WithinServices {
  subject?: string | undefined;
  /** Those about any of these. */
  subjects?: readonly string[] | undefined;
  live?: boolean | undefined;
  state?: RunState | undefined;
  /** Live ones that wait for people, or of these only those that are parked; `working`: those that do neither. */
  waiting?: 'waiting' | 'parked' | 'working' | undefined;
  /** A part of the id, or of its incident's title. */
  q?: string | undefined;
  /** Called for from this time on. */
  since?: string | undefined;
  workflows?: readonly string[] | undefined;
  /** Of the worker that carries them out. */
  build?: string | undefined;
  before?: RunPlace | undefined;
  limit: number;
}

/** Events and runs as pages, newest first. A page looks at a bounded number of rows, so it may be short and have a next one. */
export interface Lists {
  pageOfEvents(filter: EventFilter): Promise<Page<ListedEvent, number>>;
  pageOfRuns(filter: RunFilter): Promise<Page<ShownRun, RunPlace>>;
}

/** So many rows are looked at for one page, whatever is asked for. */
export const looksAtMost = 10_000;

/** Rows that hold. Each condition is a part of a statement; none of them: all rows. */
export const allOf = (conditions: (RawBuilder<unknown> | false | undefined)[]): RawBuilder<unknown> =>
  sql.join([sql`true`, ...conditions.filter((each) => each !== undefined && each !== false)], sql` and `);

export const textsOf = (texts: readonly string[]): RawBuilder<unknown> =>
  sql`array(select jsonb_array_elements_text(${JSON.stringify(texts.map(cleanText))}::jsonb))`;

/** Whether the row's subject is an incident of one of these services. */
export const ofServices = (services: readonly string[] | undefined) =>
  services &&
  sql`exists (select from incidents where incidents.id = subject and service = any (${textsOf(services)}))`;

/** Whether a run of the table `looked` waits for an answer, and for people to decide about a step that has failed. */
const isAsking = sql`(
  exists (select from approvals where run_id = looked.id and state = 'pending') or
  exists (select from questions where run_id = looked.id and state = 'pending' and not asked::jsonb ? 'parked'))`;
const isParked = sql`exists (
  select from questions where run_id = looked.id and state = 'pending' and asked::jsonb ? 'parked')`;

/** A page out of what was read with one row more than is wanted, and of where the looking ended, if it ended before that. */
export function pageOf<Stored, Row, Place>(
  rows: readonly Stored[],
  limit: number,
  { rowOf, placeOf, end }: { rowOf: (row: Stored) => Row; placeOf: (row: Stored) => Place; end?: Place },
): Page<Row, Place> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const next = rows.length > limit && last !== undefined ? placeOf(last) : end;
  return { items: shown.map(rowOf), ...(next === undefined ? {} : { next }) };
}

export function listsOn({ db }: Context): Lists {
  return {
    async pageOfEvents({ subject, type, disposition, services, before, limit }) {
      // What an index finds, and then what is looked for in what was found.
      const found = allOf([
        subject !== undefined && sql`subject = ${keyText(subject)}`,
        disposition === 'pending' && sql`disposition is null`,
        disposition !== undefined && disposition !== 'pending' && sql`disposition = ${disposition}`,
        before !== undefined && sql`seq < ${before}`,
      ]);
      const wanted = allOf([type !== undefined && sql`type = ${keyText(type)}`, ofServices(services)]);
      const { rows } = await sql<StoredListedEvent>`
        select ${sql.raw(eventColumns.join(', '))} from (
          select * from inbox where ${found} order by seq desc limit ${looksAtMost}
        ) as looked where ${wanted} order by seq desc limit ${limit + 1}`.execute(db);
      const isLimited = type !== undefined || services !== undefined;
      const end = isLimited && rows.length <= limit ? await lastLooked(found) : undefined;
      return pageOf(rows, limit, {
        rowOf: eventRow,
        placeOf: ({ seq }) => seq,
        ...(end === undefined ? {} : { end }),
      });

      async function lastLooked(where: RawBuilder<unknown>): Promise<number | undefined> {
        const last = await sql<{ seq: number }>`
          select seq from inbox where ${where} order by seq desc offset ${looksAtMost - 1} limit 1`.execute(
          db,
        );
        return last.rows[0]?.seq;
      }
    },

    async pageOfRuns({
      subject,
      subjects,
      live,
      state,
      waiting,
      q,
      since,
      workflows,
      build,
      services,
      before,
      limit,
    }) {
      const found = allOf([
        subject !== undefined && sql`subject = ${keyText(subject)}`,
        subjects && sql`subject = any (${textsOf(subjects.map(keyText))})`,
        since !== undefined && sql`created_at >= ${since}::timestamptz`,
        (live === true || waiting !== undefined) && sql`state in ('starting', 'running')`,
        live === false && sql`state not in ('starting', 'running')`,
        before !== undefined &&
          sql`(created_at, id) < (${before.at}::timestamptz, ${cleanText(before.id)}::text)`,
      ]);
      const wanted = allOf([
        state !== undefined && sql`state = ${state}`,
        waiting === 'waiting' && sql`(${isAsking} or ${isParked})`,
        waiting === 'parked' && isParked,
        waiting === 'working' && sql`not (${isAsking} or ${isParked})`,
        q !== undefined &&
          sql`(strpos(lower(id), lower(${cleanText(q)})) > 0 or exists (
            select from incidents where incidents.id = subject and strpos(lower(data->>'title'), lower(${cleanText(q)})) > 0))`,
        workflows && sql`workflow = any (${textsOf(workflows)})`,
        build !== undefined && sql`worker->>'build' = ${cleanText(build)}`,
        ofServices(services),
      ]);
      const { rows } = await sql<StoredShownRun & { place: string }>`
        select ${shownRunColumnsOf('looked')}, created_at::text as place from (
          select * from runs where ${found} order by created_at desc, id desc limit ${looksAtMost}
        ) as looked where ${wanted} order by created_at desc, id desc limit ${limit + 1}`.execute(db);
      const isLimited = [state, waiting, q, workflows, build, services].some((each) => each !== undefined);
      const end = isLimited && rows.length <= limit ? await lastLooked(found) : undefined;
      return pageOf(rows, limit, {
        rowOf: shownRun,
        placeOf: ({ place, id }) => ({ at: place, id }),
        ...(end === undefined ? {} : { end }),
      });

      async function lastLooked(where: RawBuilder<unknown>): Promise<RunPlace | undefined> {
        const last = await sql<RunPlace>`
          select created_at::text as at, id from runs where ${where}
          order by created_at desc, id desc offset ${looksAtMost - 1} limit 1`.execute(db);
        return last.rows[0];
      }
    },
  };
}
