import { type Kysely, sql } from 'kysely';
import type { Context } from './context.ts';
import { canonicalJson, cleanText } from './json.ts';
import { appendLines } from './record.ts';
import { runRow } from './runs.ts';
import type { Entry, RunStuck, Store } from './store.ts';
import type { Tables } from './tables.ts';

const live = ['starting', 'running'] as const;
/** A run younger than this may still be on its way to Temporal. */
const youngest = sql<Date>`now() - interval '5 seconds'`;

/** Runs that cannot go on: found by comparing with Temporal, kept beside the run. */
export function stuckPart({
  db,
  scrub,
  makeLine,
}: Context): Pick<Store, 'liveRunsAfter' | 'listStuckRuns' | 'setStuck'> {
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
