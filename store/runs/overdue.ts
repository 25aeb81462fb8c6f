import { sql } from 'kysely';
import type { RunRow } from '../../domain/run.ts';
import type { Context } from '../context.ts';
import { runColumnsOf, runRow, type StoredRun } from './runs.ts';

/** A run that has not ended in its time. */
export interface OverdueRun {
  run: RunRow;
  /** Undefined: it is not known any more why it was started. */
  cause?: unknown;
  /** Its event is in the inbox. */
  isTold: boolean;
}

export interface OverdueRuns {
  /** The live runs of these triggers that are older than the seconds that each gives them, oldest first. */
  overdueRuns(limits: readonly { trigger: string; seconds: number }[], limit: number): Promise<OverdueRun[]>;
}

interface OverdueRow extends StoredRun {
  cause: string | null;
  told: boolean;
}

export function overdueRunsOn({ db }: Context): OverdueRuns {
  return {
    async overdueRuns(limits, limit) {
      const { rows } = await sql<OverdueRow>`
        select ${runColumnsOf('runs')}, cause, exists (
            select from inbox where source = '/baton' and event_id = 'run.overdue/' || runs.id and duplicate_of is null
          ) as told
        from runs join jsonb_to_recordset(${JSON.stringify(limits)}::jsonb) as given (trigger text, seconds float8)
          on given.trigger = runs.trigger
        where state in ('starting', 'running') and created_at < now() - make_interval(secs => seconds)
        order by created_at, runs.id limit ${limit}`.execute(db);
      return rows.map((row) => ({
        run: runRow(row),
        ...(row.cause === null ? {} : { cause: JSON.parse(row.cause) }),
        isTold: row.told,
      }));
    },
  };
}
