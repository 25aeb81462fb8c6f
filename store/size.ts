import { sql } from 'kysely';
import type { Context } from './context.ts';

/** What grows with what Baton does. */
export const kinds = ['inbox', 'record', 'runs', 'effects'] as const;

/** How much of one kind is kept, and how much comes in. */
export interface KindSize {
  kind: (typeof kinds)[number];
  rows: number;
  /** On the disk, with indexes and what is free within. */
  bytes: number;
  /** Over the days that were looked at. */
  rowsPerDay: number;
}

export interface StoreSize {
  kinds: KindSize[];
  /** Of the whole database. */
  bytes: number;
  /** How far back was looked: a week, or less where the record is younger. */
  days: number;
  /** Of the disk of an embedded store. */
  disk?: { freeBytes: number; bytes: number };
}

export interface Sizes {
  /** Told by numbers and statistics, so that it takes no longer on a large store. */
  size(): Promise<StoreSize>;
}

/** A kind with the tables that belong to it. */
const tablesOf: Record<KindSize['kind'], readonly string[]> = {
  inbox: ['inbox', 'twins'],
  record: ['record', 'record_queue'],
  runs: ['runs', 'approvals', 'questions', 'transcripts', 'kept_texts'],
  effects: ['effects', 'effect_targets'],
};

const dayMs = 24 * 3_600_000;
const lookedAtDays = 7;
/** From so many rows on, the database's own estimate is taken. */
const mostCounted = 20_000;

export function sizesOn({ db }: Context): Sizes {
  async function one<Row>(query: ReturnType<typeof sql<Row>>): Promise<Row> {
    const { rows } = await query.execute(db);
    const [row] = rows;
    if (!row) throw new Error('A question for a size answered no row');
    return row;
  }

  async function bytesOf(tables: readonly string[]): Promise<number> {
    const { bytes } = await one(
      sql<{ bytes: number }>`select coalesce(sum(pg_total_relation_size(name::regclass)), 0)::float8 as bytes
        from unnest(${sql.val(`{${tables.join(',')}}`)}::text[]) as name`,
    );
    return bytes;
  }

  /** Of a table whose numbers grow with time: how many rows there are, and come in a day. Found by halves. */
  async function numbered(table: 'inbox' | 'record', time: 'received_at' | 'at', since: Date) {
    const [name, at] = [sql.table(table), sql.ref(time)];
    const ends = await one(
      sql<{ first: number | null; last: number | null }>`
        select (select min(seq) from ${name})::float8 as first, (select max(seq) from ${name})::float8 as last`,
    );
    if (ends.first === null || ends.last === null) return { rows: 0, rowsPerDay: 0 };
    const rows = ends.last - ends.first + 1;
    let [low, high] = [ends.first, ends.last + 1];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      // Ordered by the column, which has an index, and not by what is made of it.
      const { rows: found } = await sql<{ place: number; at: Date | string }>`
        select seq::float8 as place, ${at} as at from ${name} where seq >= ${middle} order by seq limit 1`.execute(
        db,
      );
      const [row] = found;
      if (!row || new Date(row.at) >= since) high = middle;
      else low = row.place + 1;
    }
    const young = Math.max(0, ends.last + 1 - low);
    return { rows, rowsPerDay: (young * dayMs) / (Date.now() - since.getTime()) };
  }

  /** Of a table with an index over the time: by the newest of them, which may be those of some hours only. */
  async function dated(table: 'runs' | 'effects', since: Date) {
    const name = sql.table(table);
    const { estimate, counted, young, oldest } = await one(
      sql<{ estimate: number; counted: number; young: number; oldest: Date | null }>`
        select (select reltuples from pg_class where oid = ${table}::regclass)::float8 as estimate,
          (select count(*) from (select from ${name} limit ${mostCounted}) as counted)::float8 as counted,
          count(*)::float8 as young, min(created_at) as oldest
        from (select created_at from ${name} where created_at >= ${since.toISOString()}
          order by created_at desc limit ${mostCounted}) as newest`,
    );
    const isAll = young < mostCounted || oldest === null;
    const span = Date.now() - (isAll ? since : new Date(oldest)).getTime();
    return {
      rows: counted < mostCounted ? counted : Math.max(counted, estimate),
      rowsPerDay: (young * dayMs) / Math.max(span, 1),
    };
  }

  return {
    async size() {
      const { bytes, first } = await one(
        sql<{
          bytes: number;
          first: string | null;
        }>`select pg_database_size(current_database())::float8 as bytes,
          (select at from record order by seq limit 1) as first`,
      );
      const age = first === null ? 0 : (Date.now() - Date.parse(first)) / dayMs;
      // Of less than an hour nothing can be said of a day.
      const days = Math.min(lookedAtDays, Math.max(age, 1 / 24));
      const since = new Date(Date.now() - days * dayMs);
      const counts: Record<KindSize['kind'], Pick<KindSize, 'rows' | 'rowsPerDay'>> = {
        inbox: await numbered('inbox', 'received_at', since),
        record: await numbered('record', 'at', since),
        runs: await dated('runs', since),
        effects: await dated('effects', since),
      };
      const found = kinds.map(async (kind) => ({
        kind,
        ...counts[kind],
        bytes: await bytesOf(tablesOf[kind]),
      }));
      return { kinds: await Promise.all(found), bytes, days };
    },
  };
}
