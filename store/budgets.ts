import { sql } from 'kysely';
import type { Lease, LeaseRequests } from '../domain/budget.ts';
import type { Context } from './context.ts';

/** What may still be asked of providers, over all processes. */
export interface Budgets {
  leaseRequests: LeaseRequests;
}

/** The buckets of processes that share a database. The table is not logged, so that a lease waits for no disk; a crash fills the buckets. */
export function budgetsOn({ db }: Pick<Context, 'db'>): Budgets {
  return {
    async leaseRequests(name, { perSecond, most }, wanted) {
      const filled = sql`least(${most}::float8, kept.left_over
        + ${perSecond}::float8 * greatest(0, extract(epoch from clock_timestamp() - kept.at)))`;
      const granted = sql`least(${wanted}::float8, floor(${filled}))`;
      const { rows } = await sql<{ granted: number; left_over: number }>`
        insert into budgets as kept (name, granted, left_over, at)
        values (${name}, least(${wanted}::float8, ${most}), ${most} - least(${wanted}::float8, ${most}), clock_timestamp())
        on conflict (name) do update set granted = ${granted}, left_over = ${filled} - ${granted}, at = clock_timestamp()
        returning granted, left_over`.execute(db);
      const [row] = rows;
      if (!row) throw new Error('A lease of requests answered no row');
      return leaseOf(row.granted, row.left_over, perSecond);
    },
  };
}

/** The buckets of a process that has the store for itself. */
export function ownBudgets(now = () => performance.now()): Budgets {
  const kept = new Map<string, { leftOver: number; at: number }>();
  return {
    async leaseRequests(name, { perSecond, most }, wanted) {
      const at = now();
      const before = kept.get(name) ?? { leftOver: most, at };
      const filled = Math.min(most, before.leftOver + (perSecond * (at - before.at)) / 1000);
      const granted = Math.min(wanted, Math.floor(filled));
      kept.set(name, { leftOver: filled - granted, at });
      return leaseOf(granted, filled - granted, perSecond);
    },
  };
}

const leaseOf = (granted: number, leftOver: number, perSecond: number): Lease => ({
  granted,
  waitSeconds: granted > 0 ? 0 : Math.max(0, 1 - leftOver) / perSecond,
});
