import { randomBytes } from 'node:crypto';
import {
  type Generated,
  type GeneratedAlways,
  type RawBuilder,
  type Selectable,
  sql,
  type Transaction,
} from 'kysely';
import type {
  Approval,
  ApprovalAnswer,
  ApprovalMessage,
  ApprovalRequest,
  ApprovalState,
  Approvals,
} from '../domain/approval.ts';
import { areOfOnePerson, howManyApproved } from '../domain/approval.ts';
import type { RunCause } from '../domain/incident.ts';
import type { Entry } from '../domain/record.ts';
import { askedEntry, eventOf } from './approval-lines.ts';
import type { Json, Time } from './columns.ts';
import type { Context } from './context.ts';
import { inboxColumns, inboxTypes, inboxValues } from './inbox.ts';
import { canonicalJson, cleanText, exactJson, keyText } from './json.ts';
import { allOf, looksAtMost, ofServices, type Page, pageOf, textsOf, type WithinServices } from './lists.ts';
import { appendLines } from './record.ts';
import type { Tables } from './tables.ts';

export interface ApprovalsTable {
  id: string;
  key: string;
  /** Of its asking, in the order of lists. */
  place: GeneratedAlways<number>;
  run_id: string;
  workflow: string;
  subject: string | null;
  /** JSON text of `Asked`: its digest is over the very words. */
  asked: string;
  asked_at: Generated<Date>;
  expires_at: Time;
  state: Generated<ApprovalState>;
  /** JSON text. */
  answers: Generated<string>;
  messages: Json<ApprovalMessage[]>;
  closed_at: Time | null;
  closed_because: string | null;
}

/** What a request says besides what has a column of its own. */
type Asked = Omit<ApprovalRequest, 'key' | 'expiresInSeconds' | 'runId' | 'workflow' | 'subject'>;

/** What somebody says to an approval. When, is the store's to say. */
export type GivenAnswer = Omit<ApprovalAnswer, 'at'> & {
  /** Of the plan that they saw. Left out: whichever it is. */
  digest?: string | undefined;
};

/**
 * What became of an answer, with the approval as it stands after it.
 * - `decided`: this answer ended it. `counted`: more people are needed. `repeated`: the same person had said so before.
 * - Nothing was done: `ended` before; `expired`; the `run ended`; the incident was `resolved`, by whom where that is known; it is `another
 *   plan` than the one that was seen.
 */
export type Answered = { approval: Approval } & (
  | { outcome: 'decided' | 'counted' | 'repeated' | 'ended' | 'expired' | 'another plan' | 'run ended' }
  | { outcome: 'resolved'; by?: string }
);

export interface ApprovalFilter extends WithinServices {
  state?: ApprovalState | undefined;
  subject?: string | undefined;
  run?: string | undefined;
  workflows?: readonly string[] | undefined;
  before?: number | undefined;
  limit: number;
}

/**
 * The approvals. Each change of state is one transaction with its line in the record and the engine's event `approval.<state>`. All times
 * are the database's: whoever asks or answers may have a clock that is wrong.
 */
export interface KeptApprovals extends Approvals {
  /** Takes an answer, if it still counts. Undefined: there is no such approval. Whether this person may answer is not asked here. */
  answerApproval(id: string, answer: GivenAnswer): Promise<Answered | undefined>;
  /** Withdraws pending ones whose runs have ended without doing so: some, oldest first. Gives how many. */
  withdrawOfEndedRuns(): Promise<number>;
  /** Newest first. */
  pageOfApprovals(filter: ApprovalFilter): Promise<Page<Approval, number>>;
}

const columns =
  sql.raw(`id, place, run_id, workflow, subject, asked, asked_at, expires_at, state, answers, messages,
  closed_at, closed_because`);
type StoredApproval = Omit<Selectable<ApprovalsTable>, 'key'>;
/** An approval that is about to change, under its lock. */
interface Locked extends StoredApproval {
  now: Date;
}

/** How one leaves `pending`, or what is said to it there. */
interface Change {
  state: ApprovalState;
  answers?: ApprovalAnswer[];
  /** Where no answer ends it. */
  because?: string;
  entry: Entry;
}

export function approvalsOn(context: Context): KeptApprovals {
  const { db, scrub, makeLine, onPending } = context;

  /** What tells of a change in the same statement: the line, and where the state is another one, the engine's event with its own line. */
  function told(approval: Approval, entry: Entry, event: boolean, condition: RawBuilder<unknown>) {
    const { row, received } = eventOf({ ...approval, summary: scrub(approval.summary) }, entry.at);
    return sql`noted as (${appendLines([makeLine(entry)], condition)}
      ), stored as (
        insert into inbox (${inboxColumns}, body)
        select ${inboxValues}, ''::bytea from jsonb_to_recordset(${JSON.stringify(event ? [row] : [])}::jsonb) as given (${inboxTypes})
        where ${condition} on conflict do nothing returning event_id
      ), received as (${appendLines([makeLine(received)], sql`exists (select from stored)`)})`;
  }

  /** Carries out a change of one that is locked and pending. */
  async function change(
    row: Locked,
    { state, answers, because, entry }: Change,
    transaction: Transaction<Tables>,
  ): Promise<Approval> {
    const isOver = state !== 'pending';
    const after: StoredApproval = {
      ...row,
      state,
      ...(answers ? { answers: JSON.stringify(answers) } : {}),
      ...(isOver
        ? { closed_at: row.now, closed_because: because === undefined ? null : cleanText(because) }
        : {}),
    };
    const approval = approvalOf(after);
    await sql`
      with changed as (
        update approvals set state = ${state}, answers = ${after.answers}, closed_because = ${after.closed_because},
          closed_at = ${after.closed_at === null ? null : entry.at}::timestamptz
        where id = ${row.id} and state = ${row.state} returning id
      ), ${told(approval, entry, isOver, sql`exists (select from changed)`)}
      select from changed`.execute(transaction);
    return approval;
  }

  async function close(
    row: Locked,
    { state, because, via }: { state: 'expired' | 'superseded' | 'withdrawn'; because: string; via: string },
    transaction: Transaction<Tables>,
  ): Promise<Approval> {
    const { id, runId, subject = runId, digest } = approvalOf(row);
    const detail = { approval: id, run: runId, digest, state, because };
    const at = row.now.toISOString();
    const entry: Entry = { at, actor: 'baton', via, action: 'approval.closed', subject, detail };
    return change(row, { state, because, entry }, transaction);
  }

  async function answer(
    row: Locked,
    given: GivenAnswer,
    transaction: Transaction<Tables>,
  ): Promise<Answered> {
    const { digest, ...said } = given;
    const before = approvalOf(row);
    if (row.state !== 'pending') return { outcome: 'ended', approval: before };
    const closeAs = (state: 'expired' | 'withdrawn', because: string) =>
      close(row, { state, because, via: said.via }, transaction);
    const { rows } = await sql<{
      state: string | null;
      cause: string | null;
      resolved: boolean;
      by: string | null;
    }>`
      select runs.state, runs.cause, incidents.status is not distinct from 'resolved' as resolved,
        (select event->'agent'->>'name' from inbox where inbox.subject = asked.subject
          and type = 'pagerduty.incident.resolved' order by seq desc limit 1) as by
      from (select ${row.run_id}::text as run, ${row.subject}::text as subject) as asked
      left join runs on runs.id = asked.run left join incidents on incidents.id = asked.subject`.execute(
      transaction,
    );
    const [around] = rows;
    if (around?.state !== 'starting' && around?.state !== 'running') {
      const because = `the run has ended: ${around?.state ?? 'nothing is known of it any more'}`;
      return { outcome: 'run ended', approval: await closeAs('withdrawn', because) };
    }
    if (row.expires_at <= row.now)
      return { outcome: 'expired', approval: await closeAs('expired', 'nobody answered in time') };
    if (around.resolved && !goesOn(around.cause))
      return { outcome: 'resolved', approval: before, ...(around.by === null ? {} : { by: around.by }) };
    if (digest !== undefined && digest !== before.digest)
      return { outcome: 'another plan', approval: before };
    const isRepeated = before.answers.some(
      (each) => each.decision === said.decision && areOfOnePerson(each, said),
    );
    if (isRepeated) return { outcome: 'repeated', approval: before };
    const at = row.now.toISOString();
    const answers = [...before.answers, { ...said, at }];
    const state = stateAfter(answers, before.required);
    const { id, runId, subject = runId } = before;
    const detail = { approval: id, run: runId, digest: before.digest, ...said, at, state };
    const entry: Entry = { at, actor: said.by, via: said.via, action: 'approval.answered', subject, detail };
    const approval = await change(row, { state, answers, entry }, transaction);
    return { outcome: state === 'pending' ? 'counted' : 'decided', approval };
  }

  /** Gives `use` the approval, which nobody else changes meanwhile. */
  async function locked<Result>(
    id: string,
    use: (row: Locked, transaction: Transaction<Tables>) => Promise<Result>,
  ): Promise<Result | undefined> {
    const result = await db.transaction().execute(async (transaction) => {
      const found = await sql<StoredApproval>`
        select ${columns} from approvals where id = ${cleanText(id)} for update`.execute(transaction);
      const [row] = found.rows;
      if (!row) return undefined;
      // A statement of its own: the lock may have been waited for.
      const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(transaction);
      return use({ ...row, now: rows[0]?.now ?? new Date(Number.NaN) }, transaction);
    });
    onPending();
    return result;
  }

  async function find(condition: RawBuilder<unknown>): Promise<Approval | undefined> {
    const { rows } = await sql<StoredApproval>`select ${columns} from approvals where ${condition}`.execute(
      db,
    );
    return rows.map(approvalOf)[0];
  }

  return {
    async askApproval({ key, expiresInSeconds, runId, workflow, subject, ...asked }) {
      const { rows } = await sql<{ now: Date }>`select now() as now`.execute(db);
      const askedAt = rows[0]?.now ?? new Date(Number.NaN);
      const row: StoredApproval = {
        id: newId(),
        place: 0,
        run_id: cleanText(runId),
        workflow: cleanText(workflow),
        subject: subject === undefined ? null : keyText(subject),
        asked: exactJson(asked) ?? '',
        asked_at: askedAt,
        expires_at: new Date(askedAt.getTime() + expiresInSeconds * 1_000),
        state: 'pending',
        answers: '[]',
        messages: [],
        closed_at: null,
        closed_because: null,
      };
      const approval = approvalOf(row);
      await sql`
        with asked as (
          insert into approvals (id, key, run_id, workflow, subject, asked, asked_at, expires_at)
          values (${row.id}, ${keyText(key)}, ${row.run_id}, ${row.workflow}, ${row.subject}, ${row.asked},
            ${approval.askedAt}::timestamptz, ${approval.expiresAt}::timestamptz)
          on conflict do nothing returning id
        ), ${told(approval, askedEntry(approval), true, sql`exists (select from asked)`)}
        select from asked`.execute(db);
      onPending();
      const kept = await find(sql`key = ${keyText(key)}`);
      if (!kept) throw new Error('An approval that was asked for is not there');
      return kept;
    },

    findApproval: (id) => find(sql`id = ${cleanText(id)}`),

    closeApproval: (id, state, because) =>
      locked(id, async (row, transaction) => {
        const isDue = state !== 'expired' || row.expires_at <= row.now;
        // What was approved and has not been done may be replaced by what is asked anew.
        const isOpen = row.state === 'pending' || (row.state === 'approved' && state === 'superseded');
        if (!isOpen || !isDue) return approvalOf(row);
        return close(row, { state, because, via: 'worker' }, transaction);
      }),

    async withdrawOfEndedRuns() {
      const { rows } = await sql<{ id: string; state: string }>`
        select approvals.id, runs.state from approvals join runs on runs.id = run_id
        where approvals.state = 'pending' and ended_at is not null order by place limit 100`.execute(db);
      for (const { id, state } of rows)
        await locked(id, async (row, transaction) => {
          if (row.state === 'pending')
            await close(
              row,
              { state: 'withdrawn', because: `the run has ended: ${state}`, via: 'reconcile' },
              transaction,
            );
        });
      return rows.length;
    },

    async showedApproval(id, { channelId, ts }) {
      const message = canonicalJson([{ channelId, ts }]);
      await sql`update approvals set messages = messages || ${message}::jsonb
        where id = ${cleanText(id)} and not messages @> ${message}::jsonb`.execute(db);
    },

    answerApproval: (id, given) => locked(id, (row, transaction) => answer(row, given, transaction)),

    async pageOfApprovals({ state, subject, run, workflows, services, before, limit }) {
      const found = allOf([
        state === 'pending' && sql`state = 'pending'`,
        subject !== undefined && sql`subject = ${keyText(subject)}`,
        run !== undefined && sql`run_id = ${cleanText(run)}`,
        before !== undefined && sql`place < ${before}`,
      ]);
      const wanted = allOf([
        state !== undefined && sql`state = ${state}`,
        workflows && sql`workflow = any (${textsOf(workflows)})`,
        ofServices(services),
      ]);
      const { rows } = await sql<StoredApproval>`
        select ${columns} from (
          select * from approvals where ${found} order by place desc limit ${looksAtMost}
        ) as looked where ${wanted} order by place desc limit ${limit + 1}`.execute(db);
      const end = rows.length <= limit ? await lastLooked(found) : undefined;
      return pageOf(rows, limit, {
        rowOf: approvalOf,
        placeOf: ({ place }) => place,
        ...(end === undefined ? {} : { end }),
      });
    },
  };

  async function lastLooked(found: RawBuilder<unknown>): Promise<number | undefined> {
    const { rows } = await sql<{ place: number }>`
      select place from approvals where ${found} order by place desc offset ${looksAtMost - 1} limit 1`.execute(
      db,
    );
    return rows[0]?.place;
  }
}

/** 128 random bits: nobody guesses one. */
const newId = () =>
  BigInt(`0x${randomBytes(16).toString('hex')}`)
    .toString(36)
    .padStart(25, '0');

/** A run that its cause lets go on after the incident was resolved may still ask. */
const goesOn = (cause: string | null): boolean =>
  cause !== null && (JSON.parse(cause) as Partial<RunCause>).whenResolved === 'continue';

/** One refusal is enough; so many different people have to approve. */
function stateAfter(answers: readonly ApprovalAnswer[], required: number): ApprovalState {
  if (answers.some(({ decision }) => decision === 'refused')) return 'refused';
  return howManyApproved(answers) >= required ? 'approved' : 'pending';
}

function approvalOf(row: StoredApproval): Approval {
  return {
    ...(JSON.parse(row.asked) as Asked),
    id: row.id,
    runId: row.run_id,
    workflow: row.workflow,
    ...(row.subject === null ? {} : { subject: row.subject }),
    askedAt: row.asked_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    state: row.state,
    answers: JSON.parse(row.answers),
    messages: row.messages,
    ...(row.closed_at === null ? {} : { closedAt: row.closed_at.toISOString() }),
    ...(row.closed_because === null ? {} : { closedBecause: row.closed_because }),
  };
}
