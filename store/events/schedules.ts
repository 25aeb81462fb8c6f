import { sql } from 'kysely';
import type { Time } from '../columns.ts';
import type { Context } from '../context.ts';

export interface SchedulesTable {
  name: string;
  cron: string;
  time_zone: string;
  since: Time;
}

/** A schedule as it is declared, and what is known of it. */
export interface KeptSchedule {
  name: string;
  cron: string;
  timeZone: string;
  /** Since when it is declared so. */
  since: string;
  /** The newest time of which there is an event. */
  lastAt?: string;
}

export interface Schedules {
  /** Keeps since when these schedules are declared as they are, and forgets all others. */
  keepSchedules(
    declared: readonly Pick<KeptSchedule, 'name' | 'cron' | 'timeZone'>[],
  ): Promise<KeptSchedule[]>;
}

export const scheduleSteps = [
  `create table schedules (name text primary key, cron text not null, time_zone text not null, since timestamptz not null)`,
];

/** Events of one schedule come nearly in order. */
const newestLooked = 20;

export function schedulesOn({ db }: Context): Schedules {
  return {
    async keepSchedules(declared) {
      const given = sql`jsonb_to_recordset(${JSON.stringify(
        declared.map(({ name, cron, timeZone }) => ({ name, cron, time_zone: timeZone })),
      )}::jsonb) as given (name text, cron text, time_zone text)`;
      await sql`
        with gone as (delete from schedules where name not in (select name from ${given}))
        insert into schedules (name, cron, time_zone, since) select name, cron, time_zone, now() from ${given}
        on conflict (name) do update set cron = excluded.cron, time_zone = excluded.time_zone, since = excluded.since
          where (schedules.cron, schedules.time_zone) is distinct from (excluded.cron, excluded.time_zone)`.execute(
        db,
      );
      const { rows } = await sql<{
        name: string;
        cron: string;
        time_zone: string;
        since: Date;
        last_at: string | null;
      }>`
        select schedules.*, (
            select max("time") from (
              select "time" from inbox where subject = 'schedule.' || name and type = subject order by seq desc limit ${newestLooked}
            ) as newest
          ) as last_at
        from schedules order by name`.execute(db);
      return rows.map(({ name, cron, time_zone, since, last_at }) => ({
        name,
        cron,
        timeZone: time_zone,
        since: since.toISOString(),
        ...(last_at === null ? {} : { lastAt: last_at }),
      }));
    },
  };
}
