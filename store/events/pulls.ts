import { type Generated, sql } from 'kysely';
import type { Json, Time } from '../columns.ts';
import type { Context } from '../context.ts';
import { groupCommit } from '../group-commit.ts';
import { keyText } from '../json.ts';

/** How far the log of an account was read. */
export interface PullCursor {
  /** Time of the newest entry that was taken in, by the provider's clock. */
  since: string;
  /** The entries of the last while that were taken in: their times by their ids. */
  seen: Record<string, string>;
}

export interface PullsTable {
  /** The connection whose log is read. */
  connection: string;
  leased_by: string | null;
  leased_until: Time | null;
  since: string | null;
  seen: Json<Record<string, string>>;
  /** When it was last read to its end. */
  pulled_at: Time | null;
  /** How often webhooks have missed something since the log was read to its end. */
  gap: Generated<number>;
}

export interface TakenPull {
  /** This process reads the log now. False: another one does. */
  mine: boolean;
  /** Undefined before anything was taken in. */
  cursor?: PullCursor;
  /** For how long it has not been read to its end; undefined where it never was. */
  ageSeconds?: number;
}

/** An event that tells of what another one may have told of. */
export interface Told {
  seq: number;
  /** The envelope; null where it is not kept any more. */
  event: unknown;
  /** The later event that is a duplicate of it. */
  twin: number | null;
}

/** Which process reads the log of an account, how far it was read, and which events tell of one happening by two ways. */
export interface Pulls {
  /** Takes the reading of a connection's log for so many seconds, unless another process has it. */
  leasePull(connection: string, seconds: number): Promise<TakenPull>;
  /**
   * Keeps how far it was read, once the entries are stored, and prolongs the lease. `isWhole`: to its end. False: another process reads by
   * now, and nothing is kept.
   */
  keepPull(connection: string, cursor: PullCursor, seconds: number, isWhole: boolean): Promise<boolean>;
  /** Hands over what this process reads. */
  releasePulls(): Promise<void>;
  /** Keeps that webhooks may have missed what happened from this time on. What was read of the log since is not read again. */
  leaveGap(connection: string, since: string): Promise<void>;
  /** Where webhooks have missed something, and how often. */
  gaps(): Promise<{ connection: string; gap: number }[]>;
  /** The log was read to its end. Where webhooks have missed something meanwhile, it has to be read again. */
  closeGap(connection: string, gap: number): Promise<void>;
  /** When something came by this source last. `long ago`: it is not among the newest of many. Undefined: nothing has come. */
  lastReceivedAt(source: string): Promise<string | 'long ago' | undefined>;
  /**
   * The earlier events of this subject and type that came by another way than `seq` and happened between these times. Without those that
   * could not be read, and without entries of the log that were stale, as their times are not exact.
   */
  toldBefore(asked: ToldBefore): Promise<Told[]>;
  /** Makes `seq` the twin of `first`. False: that has another one. */
  takeTwin(seq: number, first: number): Promise<boolean>;
}

export interface ToldBefore {
  seq: number;
  subject: string;
  type: string;
  /** The source by which the other events came. */
  source: string;
  from: string;
  to: string;
}

/** What an incident has of one type within seconds. */
const toldAtMost = 20;

export const pullSteps = [
  `create table pulls (
    connection text primary key,
    leased_by text,
    leased_until timestamptz,
    since text,
    seen jsonb not null default '{}',
    pulled_at timestamptz
  )`,
  // One of two events that tell of the same, by two ways: the later one, and the one that it is a duplicate of.
  `create table twins (seq bigint primary key, first bigint not null unique)`,
  `create index inbox_pulled on inbox (subject, type, "time") where source like '/pagerduty-log/%'`,
];

export const gapSteps = [`alter table pulls add column gap integer not null default 0`];

/** No index is kept by source: it would cost each event, and is asked for seldom. */
const mostLookedThrough = 20_000;

export function pullsOn({ db, me }: Context): Pulls {
  async function askAll(batch: ToldBefore[]): Promise<Told[][]> {
    const asked = batch.map((each, place) => ({
      ...each,
      subject: keyText(each.subject),
      type: keyText(each.type),
      place,
    }));
    // The two branches have an index each. Whoever pulls nothing has an empty one.
    const { rows } = await sql<Told & { place: number }>`
      with asked as materialized (
        select * from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb)
          as given (place integer, seq bigint, subject text, type text, source text, "from" text, "to" text)
      ), found as (
        select place, pulled.* from asked cross join lateral (
          select inbox.seq, event from inbox
          where inbox.subject = asked.subject and inbox.type = asked.type and "time" between "from" and "to"
            and source like '/pagerduty-log/%' and source = asked.source and inbox.seq < asked.seq
            and disposition not in ('duplicate', 'stale') and event is not null
          order by inbox.seq limit ${toldAtMost}
        ) as pulled
        union all
        select place, told.* from asked cross join lateral (
          select inbox.seq, event from inbox
          where inbox.subject = asked.subject and inbox.type = asked.type and "time" between "from" and "to"
            and source = asked.source and inbox.seq < asked.seq
            and disposition <> 'duplicate' and event is not null and duplicate_of is null
          order by inbox.seq limit ${toldAtMost}
        ) as told where asked.source not like '/pagerduty-log/%'
      )
      select place, found.seq, event, twins.seq as twin from found left join twins on twins.first = found.seq
      order by place, found.seq`.execute(db);
    const byPlace = Map.groupBy(rows, ({ place }) => place);
    return batch.map((_, place) =>
      (byPlace.get(place) ?? []).map(({ seq, event, twin }) => ({ seq, event, twin })),
    );
  }
  const ask = groupCommit(askAll, () => 200);

  return {
    async leasePull(connection, seconds) {
      const { rows } = await sql<{
        mine: boolean;
        since: string | null;
        seen: Record<string, string>;
        age: number | null;
      }>`
        with taken as (
          insert into pulls (connection, leased_by, leased_until)
          values (${connection}, ${me}, statement_timestamp() + make_interval(secs => ${seconds}))
          on conflict (connection) do update set leased_by = excluded.leased_by, leased_until = excluded.leased_until
            where pulls.leased_by is null or pulls.leased_by = ${me} or pulls.leased_until < statement_timestamp()
              -- Said before the clock was set back.
              or pulls.leased_until > statement_timestamp() + interval '1 day'
          returning connection, since, seen, pulled_at
        )
        select true as mine, since, seen, extract(epoch from now() - pulled_at)::float8 as age from taken
        union all
        select false, since, seen, extract(epoch from now() - pulled_at)::float8 from pulls
          where connection = ${connection} and not exists (select from taken)`.execute(db);
      const [row] = rows;
      return {
        mine: row?.mine ?? false,
        ...(row && row.since !== null ? { cursor: { since: row.since, seen: row.seen } } : {}),
        ...(row && row.age !== null ? { ageSeconds: Math.max(0, row.age) } : {}),
      };
    },

    async keepPull(connection, { since, seen }, seconds, isWhole) {
      const { rows } = await sql`
        update pulls set since = ${since}, seen = ${JSON.stringify(seen)}::jsonb,
          leased_until = statement_timestamp() + make_interval(secs => ${seconds}),
          pulled_at = case when ${isWhole}::boolean then statement_timestamp() else pulled_at end
        where connection = ${connection} and leased_by = ${me}
        returning connection`.execute(db);
      return rows.length > 0;
    },

    async releasePulls() {
      await sql`update pulls set leased_by = null, leased_until = null where leased_by = ${me}`.execute(db);
    },

    async leaveGap(connection, since) {
      // Where the log was read further than that, or is about to be read from an earlier time on, it goes on from there.
      await sql`
        insert into pulls (connection, since, gap) values (${connection}, ${since}, 1)
        on conflict (connection) do update set gap = pulls.gap + 1,
          since = case when pulls.gap > 0 or pulls.since > excluded.since then pulls.since else excluded.since end,
          seen = case when pulls.gap > 0 or pulls.since > excluded.since then pulls.seen else '{}' end`.execute(
        db,
      );
    },

    gaps: () => db.selectFrom('pulls').select(['connection', 'gap']).where('gap', '>', 0).execute(),

    async closeGap(connection, gap) {
      await sql`update pulls set gap = 0 where connection = ${connection} and gap = ${gap}`.execute(db);
    },

    async lastReceivedAt(source) {
      const newest = db
        .selectFrom('inbox')
        .select(['seq', 'source', 'received_at'])
        .orderBy('seq', 'desc')
        .limit(mostLookedThrough)
        .as('newest');
      const { count, at } = await db
        .selectFrom(newest)
        .select(({ fn }) => [
          fn.countAll<string>().as('count'),
          sql<Date | null>`max(received_at) filter (where source = ${source})`.as('at'),
        ])
        .executeTakeFirstOrThrow();
      if (at) return at.toISOString();
      return Number(count) < mostLookedThrough ? undefined : 'long ago';
    },

    toldBefore: (asked) => ask(asked),

    async takeTwin(seq, first) {
      const { rows } = await sql<{ seq: number }>`
        with taken as (
          insert into twins (seq, first) values (${seq}, ${first}) on conflict do nothing returning seq
        )
        select seq from taken union select seq from twins where first = ${first} and seq = ${seq}`.execute(
        db,
      );
      return rows.length > 0;
    },
  };
}
