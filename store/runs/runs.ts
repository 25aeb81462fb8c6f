import type { Generated } from 'kysely';
import { type Selectable, sql } from 'kysely';
import type { Entry } from '../../domain/record.ts';
import type { RunRow, RunState, RunStuck, WorkerBuild } from '../../domain/run.ts';
import type { RunEnd } from '../../domain/run-end.ts';
import type { Json, Time } from '../columns.ts';
import type { Context } from '../context.ts';
import { inboxColumns, inboxRow, inboxTypes, inboxValues, receivedEntry } from '../events/inbox.ts';
import { groupCommit } from '../group-commit.ts';
import { canonicalJson, cleanText, keyText } from '../json.ts';
import { appendLines, appendOwnedLines } from '../record/record.ts';
import { breakerParts } from './breaker.ts';

/** A run that has not ended. */
export interface LiveRun extends RunRow {
  input: unknown;
  /** Undefined: it is not known any more why it was started. */
  cause?: unknown;
  /** When Temporal was last known to know it; before that, when it was called for. */
  seenAt: string;
  /** What the incident of its subject is now, as far as it is known. */
  incidentStatus?: string;
  /** That incident is urgent, as it was told last. */
  isUrgent: boolean;
  /** Its event is still being dispatched. */
  isDispatching: boolean;
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
  worker: Json<WorkerBuild | null>;
  /** The person whose request it carries out, as their provider knows them. Null for any other. */
  asked_by: string | null;
  /** Whether what it has done has helped. Null: it has not looked. */
  verified: boolean | null;
}

/** The runs, from the decision to start one to its end. */
export interface Runs {
  findRun(id: string): Promise<RunRow | undefined>;
  /** Why a run was started. Undefined: there is none, or it is not known any more. */
  findCause(id: string): Promise<unknown>;
  /** Runs that have not ended, with what starts them again, oldest first: at most `limit` of those after `after`. */
  liveRuns(page: { after?: LiveRun; limit: number }): Promise<LiveRun[]>;
  /** Temporal knows these runs. */
  seeRuns(ids: string[]): Promise<void>;
  /** A worker with this code carries out these runs, as far as they have not ended. */
  carryOutRuns(ids: readonly string[], worker: WorkerBuild): Promise<void>;
  /** A live run was started again: with its line in the record. */
  restartedRun(id: string, entry: Entry): Promise<void>;
  /** Newest first. `before` is the id of a run: those after it in this order. */
  listRuns(filter: { subject?: string; live?: boolean; before?: string; limit: number }): Promise<RunRow[]>;
  /**
   * Marks a live run as ended, writes its line in the record and puts `event` (the engine's own) into the inbox, all or
   * nothing. False, and nothing written, when it had ended before.
   */
  endRun(end: RunEnd): Promise<boolean>;
}

/** The envelope is the event: it came from nowhere, so there are no bytes. */
const noBody = new Uint8Array();

export function runsOn({ db, scrub, makeLine, onPending }: Context): Runs {
  const runs = db.selectFrom('runs').select(runColumnNames);

  async function endAll(all: RunEnd[]): Promise<boolean[]> {
    // The same run twice in one batch ends once, by the first.
    const ends = [...new Map(all.toReversed().map((end) => [end.id, end])).values()];
    const given = ends.map(({ id, state, outcome, failure, worker, verified }) => ({
      id: cleanText(id),
      state,
      outcome: cleanText(scrub(outcome)),
      failure: failure ?? null,
      worker: worker ?? null,
      verified: verified ?? null,
    }));
    const owners = ends.map(({ id }) => cleanText(id));
    const events = ends.map(({ event }, index) => ({ ...inboxRow(event), run: owners[index] }));
    const ended = ends.map(({ entry }, index) => ({ owner: owners[index] ?? '', line: makeLine(entry) }));
    const received = ends.map(({ event }) => ({
      owner: inboxRow(event).event_id,
      line: makeLine(receivedEntry({ ...event, body: noBody })),
    }));
    const { rows } = await sql<{ id: string }>`
      with ended as (
        update runs set state = given.state, outcome = given.outcome, ended_at = now(), failure = given.failure,
          verified = given.verified, worker = coalesce(given.worker, runs.worker)
        from jsonb_to_recordset(${canonicalJson(given, scrub)}::jsonb)
          as given (id text, state text, outcome text, failure jsonb, worker jsonb, verified boolean)
        where runs.id = any (array(select jsonb_array_elements_text(${JSON.stringify(owners)}::jsonb))) and runs.id = given.id
          and runs.ended_at is null
        returning runs.id, runs.workflow, runs.state, runs.cause
      ), noted as (
        ${appendOwnedLines(ended, sql`select id from ended`)}
      ), ${breakerParts(ends, makeLine)}, stored as (
        insert into inbox (${inboxColumns}, body)
        select ${inboxValues}, ${noBody}::bytea
        from jsonb_to_recordset(${JSON.stringify(events)}::jsonb) as given (${inboxTypes}, run text)
        where run in (select id from ended)
        on conflict do nothing
        returning event_id
      ), received as (
        ${appendOwnedLines(received, sql`select event_id from stored`)}
      )
      select id from ended`.execute(db);
    const changed = new Set(rows.map(({ id }) => id));
    return all.map(({ id }) => changed.delete(cleanText(id)));
  }
  const endRuns = groupCommit(endAll, () => 2_000);

  return {
    async findRun(id) {
      const row = await runs.where('id', '=', cleanText(id)).executeTakeFirst();
      return row && runRow(row);
    },

    async findCause(id) {
      const row = await db
        .selectFrom('runs')
        .select('cause')
        .where('id', '=', cleanText(id))
        .executeTakeFirst();
      return row?.cause ? JSON.parse(row.cause) : undefined;
    },

    async listRuns({ subject, live, before, limit }) {
      let query = runs.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit);
      if (before !== undefined)
        query = query.where(
          sql<boolean>`(created_at, id) < (select created_at, id from runs as last where last.id = ${cleanText(before)})`,
        );
      if (subject !== undefined) query = query.where('subject', '=', keyText(subject));
      if (live !== undefined)
        query = query.where(
          live
            ? sql<boolean>`state in ('starting', 'running')`
            : sql<boolean>`state not in ('starting', 'running')`,
        );
      return (await query.execute()).map(runRow);
    },

    async liveRuns({ after, limit }) {
      const { rows } = await sql<LiveRow>`
        select ${runColumnsOf('runs')}, input, cause, coalesce(runs.seen_at, created_at) as last_seen, status, urgent is true as urgent,
          (select disposition is null from inbox where seq = event_seq) is true as dispatching
        from runs left join incidents on incidents.id = subject
        where state in ('starting', 'running') and (event_seq, runs.id) > (${after?.eventSeq ?? 0}::bigint, ${after?.id ?? ''}::text)
        order by event_seq, runs.id limit ${limit}`.execute(db);
      return rows.map(liveRun);
    },

    async seeRuns(ids) {
      await sql`update runs set seen_at = now() where ended_at is null
        and id = any (array(select jsonb_array_elements_text(${JSON.stringify(ids.map(cleanText))}::jsonb)))`.execute(
        db,
      );
    },

    async carryOutRuns(ids, worker) {
      const told = canonicalJson(worker);
      await sql`update runs set worker = ${told}::jsonb where ended_at is null and worker is distinct from ${told}::jsonb
        and id = any (array(select jsonb_array_elements_text(${JSON.stringify(ids.map(cleanText))}::jsonb)))`.execute(
        db,
      );
    },

    async restartedRun(id, entry) {
      await sql`
        with restarted as (
          update runs set state = 'running', seen_at = now()
          where id = ${cleanText(id)} and ended_at is null returning id
        )
        ${appendLines([makeLine(entry)], sql`exists (select from restarted)`)}`.execute(db);
    },

    async endRun(end) {
      const ended = await endRuns(end);
      if (ended) onPending();
      return ended;
    },
  };
}

/** The columns of a `RunRow`. What starts it again is read only to do so. */
const runColumnNames = [
  'id',
  'trigger',
  'workflow',
  'subject',
  'target',
  'event_seq',
  'state',
  'outcome',
  'failure',
  'created_at',
  'ended_at',
  'stuck',
  'worker',
] as const;

export type StoredRun = Pick<Selectable<RunsTable>, (typeof runColumnNames)[number]>;

export const runColumnsOf = (table: string) =>
  sql.raw(runColumnNames.map((name) => `${table}.${name}`).join(', '));

interface LiveRow extends StoredRun {
  input: string | null;
  cause: string | null;
  last_seen: Date;
  status: string | null;
  urgent: boolean;
  dispatching: boolean;
}

function liveRun(row: LiveRow): LiveRun {
  return {
    ...runRow(row),
    input: row.input === null ? undefined : JSON.parse(row.input),
    ...(row.cause === null ? {} : { cause: JSON.parse(row.cause) }),
    seenAt: row.last_seen.toISOString(),
    ...(row.status === null ? {} : { incidentStatus: row.status }),
    isUrgent: row.urgent,
    isDispatching: row.dispatching,
  };
}

export function runRow(row: StoredRun): RunRow {
  return {
    id: row.id,
    trigger: row.trigger,
    workflow: row.workflow,
    target: row.target,
    eventSeq: row.event_seq,
    state: row.state,
    createdAt: row.created_at.toISOString(),
    ...(row.subject !== null && { subject: row.subject }),
    ...(row.outcome !== null && { outcome: row.outcome }),
    ...(row.failure && { failure: row.failure }),
    ...(row.stuck && { stuck: row.stuck }),
    ...(row.worker && { worker: row.worker }),
    ...(row.ended_at !== null && { endedAt: row.ended_at.toISOString() }),
  };
}
