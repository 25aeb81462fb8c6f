import { sql } from 'kysely';
import type { Context } from './context.ts';
import { leaseSeconds } from './inbox.ts';
import type { Store, StoredEvent } from './store.ts';

/** The name of the advisory lock under which events are claimed. */
const claimLock = 7_229_002;

export function leasesPart({
  db,
  me,
  held,
}: Context): Pick<Store, 'claim' | 'renew' | 'release' | 'backlog'> {
  /** As JSON, for `in (select …)`. */
  const heldJson = () => JSON.stringify([...held]);

  return {
    claim: (limit) =>
      db
        .transaction()
        .execute(async (transaction) => {
          // One process at a time: two that each saw the other's events as free could split a lane. For the same reason a row that
          // another one is just settling is waited for, not skipped. The clock is that of the statement: the lock was waited for.
          await sql`select pg_advisory_xact_lock(${claimLock})`.execute(transaction);
          const { rows } = await sql<{ seq: number; received_at: Date; event: unknown; attempts: number }>`
          with free as materialized (
            select seq from inbox as candidate
            where disposition is null and (leased_until is null or leased_until <= statement_timestamp())
              and seq not in (select value::bigint from jsonb_array_elements_text(${heldJson()}::jsonb))
              and not exists (
                select from inbox earlier
                where earlier.lane = candidate.lane and earlier.seq < candidate.seq and earlier.disposition is null
                  and earlier.leased_by <> ${me}::text and earlier.leased_until > statement_timestamp()
              )
            order by seq limit ${limit} for update
          )
          update inbox set leased_by = ${me}::text, attempts = attempts + 1,
            leased_until = statement_timestamp() + make_interval(secs => ${leaseSeconds})
          from free where inbox.seq = free.seq
          returning inbox.seq, received_at, event, attempts - 1 as attempts`.execute(transaction);
          return rows;
        })
        .then((rows) => {
          for (const { seq } of rows) held.add(seq);
          return rows.map(storedEvent).sort((one, other) => one.seq - other.seq);
        }),

    async renew() {
      const asked = [...held];
      if (asked.length === 0) return;
      const { rows } = await sql<{ seq: number }>`
        update inbox set leased_until = now() + make_interval(secs => ${leaseSeconds})
        where seq in (select value::bigint from jsonb_array_elements_text(${JSON.stringify(asked)}::jsonb))
          and leased_by = ${me}::text and disposition is null
        returning seq`.execute(db);
      const kept = new Set(rows.map(({ seq }) => seq));
      for (const seq of asked) if (!kept.has(seq)) held.delete(seq);
    },

    async release() {
      await sql`update inbox set leased_by = null, leased_until = null
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

function storedEvent(row: { seq: number; received_at: Date; event: unknown; attempts: number }): StoredEvent {
  return {
    seq: row.seq,
    receivedAt: row.received_at.toISOString(),
    event: row.event,
    attempts: row.attempts,
  };
}
