import { type Kysely, sql } from 'kysely';
import type { Entry } from '../../domain/record.ts';
import type { RunRow, RunStuck } from '../../domain/run.ts';
import type { Context } from '../context.ts';
import { canonicalJson, cleanText } from '../json.ts';
import { appendLines } from '../record/record.ts';
import type { Tables } from '../tables.ts';
import { runRow } from './runs.ts';

/** The runs that cannot go on. */
export interface StuckRuns {
  /** Live runs that are some seconds old, in the order of their ids, from the one after `id` on. */
  liveRunsAfter(id: string, limit: number): Promise<RunRow[]>;
  /** The runs that are marked as standing still. */
  listStuckRuns(limit: number): Promise<RunRow[]>;
  /**
   * Marks a run as standing still, or (undefined) as one that does not, with the line for the record. False, and nothing written, where
   * its mark is no longer the one in `run`: another process was first.
   */
  setStuck(run: Pick<RunRow, 'id' | 'stuck'>, stuck: RunStuck | undefined, entry?: Entry): Promise<boolean>;
}

const live = ['starting', 'running'] as const;
/** A run younger than this may still be on its way to Temporal. */
const youngest = sql<Date>`now() - interval '5 seconds'`;

/** Runs that cannot go on: found by comparing with Temporal, kept beside the run. */
export function stuckRunsOn({ db, scrub, makeLine }: Context): StuckRuns {
  return {
    async liveRunsAfter(id, limit) {
      const rows = await runsOf(db)
        .where('id', '>', cleanText(id))
        .where('state', 'in', live)
        .where('created_at', '<', youngest)
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map(runRow);
    },

    async listStuckRuns(limit) {
      const rows = await runsOf(db).where('stuck', 'is not', null).orderBy('id').limit(limit).execute();
      return rows.map(runRow);
    },

    async setStuck({ id, stuck: before }, stuck: RunStuck | undefined, entry?: Entry) {
      const written = (value: RunStuck | undefined) => (value ? canonicalJson(value, scrub) : null);
      const lines = entry ? [makeLine(entry)] : [];
      const { rows } = await sql`
        with changed as (
          update runs set stuck = ${written(stuck)}::jsonb
          where id = ${cleanText(id)} and stuck is not distinct from ${written(before)}::jsonb returning id
        ), noted as (
          ${appendLines(lines, sql`exists (select from changed)`)}
        )
        select id from changed`.execute(db);
      return rows.length > 0;
    },
  };
}

const runsOf = (db: Kysely<Tables>) => db.selectFrom('runs').selectAll();
