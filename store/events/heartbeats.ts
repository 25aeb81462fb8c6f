import { sql } from 'kysely';
import type { Heartbeat } from '../../domain/heartbeat.ts';
import type { Time } from '../columns.ts';
import type { Context } from '../context.ts';

export interface HeartbeatsTable {
  source: string;
  every_seconds: number;
  since: Time;
  last_at: Time | null;
}

/** A heartbeat as it is declared, and what is known of it by the clock of the store. */
export interface KeptHeartbeat extends Heartbeat {
  /** For so long nothing was heard of it: since the last one, or since it was declared so. */
  silentSeconds: number;
  /** When it was heard of last. Left out: never yet. */
  lastAt?: string;
}

export interface Heartbeats {
  /** Keeps since when these are expected as they are, and forgets all others. */
  keepHeartbeats(declared: readonly Heartbeat[]): Promise<KeptHeartbeat[]>;
  /** Something has come by this source, be it the same as before. Of one that nobody expects nothing is kept. */
  heardOf(source: string): Promise<void>;
}

export const heartbeatSteps = [
  `create table heartbeats (
    source text primary key,
    every_seconds double precision not null,
    since timestamptz not null,
    last_at timestamptz
  )`,
];

export function heartbeatsOn({ db }: Context): Heartbeats {
  return {
    async keepHeartbeats(declared) {
      const given = sql`jsonb_to_recordset(${JSON.stringify(
        declared.map(({ source, everySeconds }) => ({ source, every_seconds: everySeconds })),
      )}::jsonb) as given (source text, every_seconds double precision)`;
      await sql`
        with gone as (delete from heartbeats where source not in (select source from ${given}))
        insert into heartbeats (source, every_seconds, since) select source, every_seconds, now() from ${given}
        on conflict (source) do update set every_seconds = excluded.every_seconds, since = excluded.since
          where heartbeats.every_seconds is distinct from excluded.every_seconds`.execute(db);
      const { rows } = await sql<{
        source: string;
        every_seconds: number;
        silent: number;
        last_at: Date | null;
      }>`
        select source, every_seconds, last_at,
          extract(epoch from now() - greatest(since, last_at))::double precision as silent
        from heartbeats order by source`.execute(db);
      return rows.map(({ source, every_seconds, silent, last_at }) => ({
        source,
        everySeconds: Number(every_seconds),
        silentSeconds: Number(silent),
        ...(last_at === null ? {} : { lastAt: last_at.toISOString() }),
      }));
    },

    async heardOf(source) {
      await sql`update heartbeats set last_at = greatest(last_at, now()) where source = ${source}`.execute(
        db,
      );
    },
  };
}
