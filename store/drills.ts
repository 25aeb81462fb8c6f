import { sql } from 'kysely';
import { drillRegex } from '../domain/drill.ts';

/** A field of a run's cause, as JSON has it: a text from outside may hold what no text of PostgreSQL can, and is not to be read as one. */
const inCause = (...path: string[]) =>
  sql`(cause::json${sql.raw(path.map((field) => `->'${field}'`).join(''))})::text`;

/** Of a row of runs: it is on the incident of a drill. */
export const isOfDrill = sql`coalesce(${inCause('incident', 'title')} ~ ${sql.lit(drillRegex.title)}
  and ${inCause('incident', 'incidentKey')} ~ ${sql.lit(drillRegex.key)}, false)`;

/** Of a row of runs: it only looked. */
export const hasLooked = sql`coalesce(${inCause('mode')} in ('"plan"', '"observe"'), false)`;
