import { sql } from 'kysely';
import { drillRegex } from '../domain/drill.ts';

/** Of a row of runs: it is on the incident of a drill. */
export const isOfDrill = sql`coalesce(cause::jsonb->'incident'->>'title' ~ ${sql.lit(drillRegex)}, false)`;
