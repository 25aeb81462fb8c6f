import { type RawBuilder, sql } from 'kysely';
import type { Context } from '../context.ts';
import { arrayOf } from '../json.ts';
import type { StoredEvent } from './inbox.ts';
import { leaseSeconds, sayAlive } from './inbox.ts';

/** Which process dispatches which pending event. */
export interface Leases {
  /**
   * Leases pending events to this process: those that nobody holds, and that have no earlier pending event of the same lane held by
   * somebody else. First come the lanes in which an urgent one waits, then the others, each oldest first. Never one that this process already
   * knows to be its own. At most `limit`, and some megabytes; of urgent lanes some more than the limit, which may be 0.
   * Processes claim one after the other (advisory lock), so that none sees half of what another one takes.
   */
  claim(limit: number): Promise<StoredEvent[]>;
  /**
   * Says that this process lives: it holds its events for 8 s longer, all by one row. It holds what `receive` and `claim` answered as
   * leased. An event that was stored after `receive` had given up is nobody's, and the next `claim` takes it.
   */
  renew(): Promise<void>;
  /** Hands back what this process holds and has not settled. */
  release(): Promise<void>;
  /** Pending events, and the age of the oldest in seconds. */
  backlog(): Promise<{ pending: number; oldestSeconds: number }>;
}

/** The name of the advisory lock under which events are claimed. */
const claimLock = 7_229_002;
/** What is claimed together, as it lies in the store: it is in memory until it is dispatched. */
const claimedBytes = 8 * 1024 * 1024;
/** So many events of urgent lanes are claimed together, and so many of their lanes are looked at. */
const urgentAtOnce = 50;

export function leasesOn({ db, me, held }: Context): Leases {
  /**
   * Nobody holds it: it never was leased, or its process does not say any more that it lives. What carries this process' name and is
   * not held here was stored after `receive` had given up, and a `receive` that is under way will have told by now.
   */
  const isFree = (event: string) => {
    const column = (name: string) => sql.raw(`${event}.${name}`);
    return sql`(${column('leased_by')} is null
      or (${column('leased_by')} <> ${me}::text and ${column('leased_by')} not in (select name from taken))
      or (${column('leased_by')} = ${me}::text and ${column('seq')} not in (select seq from own)
        and ${column('received_at')} < statement_timestamp() - make_interval(secs => ${leaseSeconds})))`;
  };

  /** Of these lanes the events that may be leased, oldest first. */
  const freeEvents = (ofLanes: RawBuilder<unknown>, most: number, order = sql`seq`) => sql`
    select seq, pg_column_size(event) as size from inbox as candidate
    where disposition is null and ${ofLanes} and ${isFree('candidate')}
      and not exists (
        select from inbox earlier
        where earlier.lane = candidate.lane and earlier.seq < candidate.seq and earlier.disposition is null
          and not (earlier.leased_by is not distinct from ${me}::text and earlier.seq in (select seq from own))
          and not ${isFree('earlier')}
        offset 0 -- Looked for in each lane by itself, and not among all that wait.
      )
    order by ${order} limit ${most} for update`;

  async function dropWhatIsLost(): Promise<void> {
    const asked = [...held];
    const { rows } = await sql<{ seq: number }>`
      select seq from inbox where seq = any (${arrayOf(held)}::bigint[]) and leased_by = ${me}::text
        and disposition is null`.execute(db);
    const kept = new Set(rows.map(({ seq }) => seq));
    for (const seq of asked) if (!kept.has(seq)) held.delete(seq);
  }

  return {
    claim: (limit) =>
      db
        .transaction()
        .execute(async (transaction) => {
          // One process at a time: two that each saw the other's events as free could split a lane. For the same reason a row that
          // another one is just settling is waited for, not skipped. The clock is that of the statement: the lock was waited for.
          await sql`select pg_advisory_xact_lock(${claimLock})`.execute(transaction);
          const { rows } = await sql<ClaimedRow>`
          with taken as materialized (
            -- What lies further ahead than any lease was said before the clock was set back.
            select name from processes where name <> ${me}::text and until > statement_timestamp()
              and until < statement_timestamp() + make_interval(secs => ${2 * leaseSeconds})
          ), own as materialized (
            select unnest(${arrayOf(held)}::bigint[]) as seq
          ), urgent as materialized (
            select lane from inbox as waiting where urgent and disposition is null and ${isFree('waiting')}
            group by lane order by min(seq) limit ${urgentAtOnce}
          ), first as materialized (
            -- By the index of lanes: that of all that wait has their order, and would be read to its end.
            ${freeEvents(sql`lane = any (array(select lane from urgent))`, urgentAtOnce, sql`seq + 0`)}
          ), others as materialized (
            ${freeEvents(sql`lane <> all (array(select lane from urgent))`, limit)}
          ), free as (
            select seq, size, 0 as place from first union all select seq, size, 1 from others
          ), chosen as (
            select seq from (
              select seq, sum(size) over so_far - size as before, count(*) over so_far as number from free
              window so_far as (order by place, seq)
            ) as sized
            where before < ${claimedBytes} and number <= greatest(${limit}, (select count(*) from first))
          ), living as (
            ${sayAlive(me, sql`true`)}
          )
          update inbox set leased_by = ${me}::text, attempts = attempts + 1
          from chosen where inbox.seq = chosen.seq
          returning inbox.seq, received_at, event, attempts - 1 as attempts`.execute(transaction);
          return rows;
        })
        .then((rows) => {
          for (const { seq } of rows) held.add(seq);
          return rows.map(storedEvent).sort((one, other) => one.seq - other.seq);
        }),

    async renew() {
      const { rows } = await sql<{ in_time: boolean | null }>`
        with before as materialized (
          select until > statement_timestamp() as in_time from processes where name = ${me}::text
        ), gone as (
          delete from processes where until < statement_timestamp() - interval '1 day' and name <> ${me}::text
        ), living as (
          ${sayAlive(me, sql`true`)}
        )
        select (select in_time from before) as in_time`.execute(db);
      // Another one may have taken over what this one could not hold on to.
      if (!rows[0]?.in_time) await dropWhatIsLost();
    },

    async release() {
      // Whoever hands an event back has not failed with it.
      await sql`update inbox set leased_by = null, attempts = greatest(attempts - 1, 0)
        where leased_by = ${me}::text and disposition is null`.execute(db);
      held.clear();
    },

    async backlog() {
      const { rows } = await sql<{ pending: number; oldest: number }>`
        select count(*) as pending,
          coalesce(extract(epoch from now() - min(received_at)), 0)::float8 as oldest
        from inbox where disposition is null`.execute(db);
      return { pending: rows[0]?.pending ?? 0, oldestSeconds: Math.max(0, rows[0]?.oldest ?? 0) };
    },
  };
}

interface ClaimedRow {
  seq: number;
  received_at: Date;
  event: unknown;
  attempts: number;
}

function storedEvent(row: ClaimedRow): StoredEvent {
  return {
    seq: row.seq,
    receivedAt: row.received_at.toISOString(),
    event: row.event,
    attempts: row.attempts,
  };
}
