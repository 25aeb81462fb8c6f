import { sql } from 'kysely';
import type { Lease, LeaseRequests } from '../../domain/budget.ts';
import type { Context } from '../context.ts';

/** What may still be asked of providers, over all processes. */
export interface Budgets {
  leaseRequests: LeaseRequests;
}

/** For so long after its turn a bucket is kept for an urgent ask, which may be a little late. */
const graceSeconds = 0.5;
/** What is kept for longer was kept before the clock was set back. */
const keptAtMostSeconds = 60;

/** The buckets of processes that share a database. The table is not logged, so that a lease waits for no disk; a crash fills the buckets. */
export function budgetsOn({ db }: Pick<Context, 'db'>): Budgets {
  return {
    async leaseRequests(name, { perSecond, most }, wanted, isUrgent = false) {
      const filled = sql`least(${most}::float8, kept.left_over
        + ${perSecond}::float8 * greatest(0, extract(epoch from clock_timestamp() - kept.at)))`;
      const isKept = sql`(not ${isUrgent}::boolean and kept.urgent_until > clock_timestamp()
        and kept.urgent_until < clock_timestamp() + make_interval(secs => ${keptAtMostSeconds})) is true`;
      const granted = sql`case when ${isKept} then 0 else least(${wanted}::float8, floor(${filled})) end`;
      const turn = sql`clock_timestamp()
        + make_interval(secs => greatest(0, 1 - ${filled}) / ${perSecond}::float8 + ${graceSeconds}::float8)`;
      const { rows } = await sql<{ granted: number; left_over: number; kept_for: number | null }>`
        insert into budgets as kept (name, granted, left_over, at)
        values (${name}, least(${wanted}::float8, ${most}), ${most} - least(${wanted}::float8, ${most}), clock_timestamp())
        on conflict (name) do update set granted = ${granted}, left_over = ${filled} - ${granted}, at = clock_timestamp(),
          urgent_until = case when ${isUrgent}::boolean and floor(${filled}) < 1 then ${turn} else kept.urgent_until end
        returning granted, left_over, extract(epoch from urgent_until - clock_timestamp())::float8 as kept_for`.execute(
        db,
      );
      const [row] = rows;
      if (!row) throw new Error('A lease of requests answered no row');
      return leaseOf(row.granted, row.left_over, perSecond, isUrgent ? 0 : (row.kept_for ?? 0));
    },
  };
}

/** The buckets of a process that has the store for itself. */
export function ownBudgets(now = () => performance.now()): Budgets {
  const kept = new Map<string, { leftOver: number; at: number; urgentUntil: number }>();
  return {
    async leaseRequests(name, { perSecond, most }, wanted, isUrgent = false) {
      const at = now();
      const before = kept.get(name) ?? { leftOver: most, at, urgentUntil: at };
      const filled = Math.min(most, before.leftOver + (perSecond * (at - before.at)) / 1000);
      const keptSeconds = isUrgent ? 0 : (before.urgentUntil - at) / 1000;
      const granted = keptSeconds > 0 ? 0 : Math.min(wanted, Math.floor(filled));
      const urgentUntil =
        isUrgent && filled < 1 ? at + ((1 - filled) / perSecond + graceSeconds) * 1000 : before.urgentUntil;
      kept.set(name, { leftOver: filled - granted, at, urgentUntil });
      return leaseOf(granted, filled - granted, perSecond, keptSeconds);
    },
  };
}

const leaseOf = (granted: number, leftOver: number, perSecond: number, keptSeconds: number): Lease => ({
  granted,
  waitSeconds: granted > 0 ? 0 : Math.max(0, (1 - leftOver) / perSecond, keptSeconds),
});
