import { sql } from 'kysely';
import type { Context } from './context.ts';
import { textsOf } from './lists.ts';

/** A subscriber that is not told of all that it wants. */
export interface UntoldSubscriber {
  name: string;
  /** Its receiver wanted no more. */
  stopped?: { at: string; because: string };
  /** So many events were given up, the last of them then and for this reason. */
  exhausted?: { count: number; lastAt: string; reason: string };
}

export interface UntoldSubscribers {
  /**
   * Those of these subscriptions that are stopped, or of which events were given up: within the last day, or with nothing taken since. What is
   * replayed counts no more.
   */
  untoldSubscribers(names: readonly string[]): Promise<UntoldSubscriber[]>;
}

export const untoldSteps = [
  `create index deliveries_last on deliveries (subscription, state, settled_at) where settled_at is not null`,
];

export function untoldSubscribersOn({ db }: Context): UntoldSubscribers {
  return {
    async untoldSubscribers(names) {
      if (names.length === 0) return [];
      const { rows } = await sql<{
        name: string;
        stopped_at: Date | null;
        stopped_because: string | null;
        count: number;
        last_at: Date | null;
        reason: string | null;
      }>`
        select name, stopped_at, stopped_because, last.settled_at as last_at, last.reason,
          (select count(*) from deliveries where subscription = name and state = 'exhausted') as count
        from subscriptions left join lateral (
          select settled_at, reason from deliveries where subscription = name and state = 'exhausted'
          order by settled_at desc, id desc limit 1
        ) as last on last.settled_at > now() - interval '1 day' or not exists (
          select from deliveries where subscription = name and state = 'delivered' and settled_at > last.settled_at)
        where name = any (${textsOf(names)}) and (stopped_at is not null or last.settled_at is not null)
        order by name`.execute(db);
      return rows.map(({ name, stopped_at, stopped_because, count, last_at, reason }) => ({
        name,
        ...(stopped_at ? { stopped: { at: stopped_at.toISOString(), because: stopped_because ?? '' } } : {}),
        ...(last_at
          ? { exhausted: { count: Number(count), lastAt: last_at.toISOString(), reason: reason ?? '' } }
          : {}),
      }));
    },
  };
}
