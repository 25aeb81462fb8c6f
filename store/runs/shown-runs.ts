import { sql } from 'kysely';
import type { RunCause } from '../../domain/incident.ts';
import type { ShownRun } from '../../domain/run.ts';
import { beginningOf } from '../../domain/run-beginning.ts';
import type { Context } from '../context.ts';
import { cleanText } from '../json.ts';
import { runColumnsOf, runRow, type StoredRun } from './runs.ts';

/** A run with what began it. It is read only where somebody looks: the dispatcher has no need of it. */
export interface ShownRuns {
  findShownRun(id: string): Promise<ShownRun | undefined>;
}

export type StoredShownRun = StoredRun & { cause: string | null };

/** The columns of a `StoredShownRun`. */
export const shownRunColumnsOf = (table: string) => sql`${runColumnsOf(table)}, ${sql.ref(`${table}.cause`)}`;

export function shownRunsOn({ db }: Context): ShownRuns {
  return {
    async findShownRun(id) {
      const { rows } = await sql<StoredShownRun>`
        select ${shownRunColumnsOf('runs')} from runs where id = ${cleanText(id)}`.execute(db);
      return rows[0] && shownRun(rows[0]);
    },
  };
}

/** A run as its row tells it. One of before 0004 has no cause. */
export function shownRun({ cause, ...row }: StoredShownRun): ShownRun {
  if (cause === null) return runRow(row);
  const told = JSON.parse(cause) as Partial<RunCause>;
  return {
    ...runRow(row),
    ...beginningOf(told),
    ...(told.startedBy && told.mode === undefined ? {} : { mode: told.mode ?? 'auto' }),
    ...(told.connections ? { connections: told.connections } : {}),
  };
}
