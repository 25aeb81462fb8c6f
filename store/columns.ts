import type { ColumnType } from 'kysely';

/** `jsonb`: written as JSON text, read as the value. */
export type Json<Value> = ColumnType<Value, string, string>;
/** A time of the database's own clock. */
export type Time = ColumnType<Date, string, string>;
