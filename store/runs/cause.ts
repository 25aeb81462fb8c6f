import { sql } from 'kysely';
import { askingModes } from '../../domain/agreement.ts';
import { drillInText } from '../../domain/drill.ts';

/*
 * What is read of a run's cause is read in its JSON text: PostgreSQL cannot read one as JSON in which a text from outside holds U+0000 or half a
 * character. Within a text each quotation mark has a backslash before it, so that no text can pass for a field.
 */

/** Of a row of runs: it is on the incident of a drill. */
export const isOfDrill = sql`coalesce(strpos(cause, ${sql.lit(drillInText)}) > 0, false)`;

/** Of a row of runs: how far it may go (`RunMode`); null where the cause does not say. */
export const modeInCause = sql<string | null>`substring(cause from '"mode":"([a-z]+)"')`;

/** Of a row of runs: it does not act by itself alone (`askingModes`). An index is of just these, so its words stay. */
export const isAsking = sql`${modeInCause} in (${sql.join(askingModes.map((mode) => sql.lit(mode)))})`;

/** Of a row of runs: it only looked. */
export const hasLooked = sql`coalesce(${modeInCause} in ('plan', 'observe'), false)`;
