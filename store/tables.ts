import type { ColumnType, Generated, GeneratedAlways } from 'kysely';
import type { Disposition, EffectIntent, RunRow, RunState, RunStuck } from './store.ts';

/** `jsonb`: written as JSON text, read as the value. */
type Json<Value> = ColumnType<Value, string, string>;
/** A time of the database's own clock. */
type Time = ColumnType<Date, string, string>;

export interface Tables {
  inbox: InboxTable;
  /** How long each process holds the events that carry its name. */
  processes: { name: string; until: Time };
  incidents: { id: string; status: string; seen_at: Time };
  runs: RunsTable;
  effects: EffectsTable;
  /** What each effect acts on. No two that are `open` have the same target. */
  effect_targets: { key: string; target: string; open: boolean };
  record_queue: LineColumns & { id: GeneratedAlways<number> };
  record: LineColumns & { seq: number; previous: string; hash: string };
  /** One row: the line that was linked last. */
  record_head: { seq: number; hash: string };
  record_checkpoints: CheckpointsTable;
  /** One row: all events up to this number have been pruned, or are not old enough. */
  retention: { inbox_seq: number };
}

export interface InboxTable {
  seq: GeneratedAlways<number>;
  source: string;
  event_id: string;
  type: string;
  subject: string | null;
  /** Events of one lane are dispatched in order: the subject, or the event's own id. */
  lane: string;
  time: string;
  received_at: Generated<Date>;
  delivery_id: string | null;
  body: Uint8Array;
  event: Json<unknown>;
  /** Null while pending. */
  disposition: Disposition | null;
  reason: string | null;
  attempts: Generated<number>;
  /** The process that holds it, as long as its row in `processes` says. */
  leased_by: string | null;
  duplicate_of: number | null;
  /** Its lines about the decision are in the record, so a second attempt writes none. */
  decided: Generated<boolean>;
  /** Its bytes and envelope were taken away after the time for which they are kept. */
  pruned: Generated<boolean>;
}

/** A segment of the record that was taken away after the time for which it is kept. */
export interface CheckpointsTable {
  first_seq: number;
  last_seq: number;
  last_hash: string;
  lines: number;
  /** When it was taken away. */
  at: string;
  /** Null where there was no key. */
  signature: string | null;
}

export interface RunsTable {
  id: string;
  trigger: string;
  workflow: string;
  subject: string | null;
  target: string;
  event_seq: number;
  state: RunState;
  outcome: string | null;
  failure: Json<RunRow['failure'] | null>;
  stuck: Json<RunStuck | null>;
  created_at: Generated<Date>;
  ended_at: Time | null;
  /** JSON text, so that it is given back exactly as it was. Null in rows of before 0004. */
  input: string | null;
  cause: string | null;
  /** When Temporal was last known to know it. */
  seen_at: Time | null;
}

export interface EffectsTable {
  key: string;
  run_id: string;
  activity: string;
  /** Of the input. */
  digest: string;
  destructive: boolean;
  subject: string | null;
  causes: Json<string[]>;
  actor: Json<EffectIntent['actor']>;
  /** Which attempt it is of, counted here: Temporal counts anew when a run is reset. */
  attempt: number;
  state: 'open' | 'done' | 'none' | 'unknown';
  /** When those attempts began that made the change, or may have made it. Oldest first. */
  acted_at: ColumnType<Date[], string, string>;
  /** JSON text, so that it is given back exactly as it was. */
  result: string | null;
  created_at: Generated<Date>;
  /** The events that told of it, with their types. */
  taken: Json<Record<string, string>>;
}

/** A line of the record, all of it text: it is hashed as it stands. */
export interface LineColumns {
  at: string;
  actor: string;
  via: string;
  action: string;
  subject: string;
  detail: string;
}
