import { randomBytes } from 'node:crypto';
import {
  type Generated,
  type GeneratedAlways,
  type RawBuilder,
  type Selectable,
  sql,
  type Transaction,
} from 'kysely';
import type { ApprovalMessage } from '../../domain/approval.ts';
import type { RunCause } from '../../domain/incident.ts';
import type { Entry } from '../../domain/record.ts';
import type { Json, Time } from '../columns.ts';
import type { Context } from '../context.ts';
import { inboxColumns, inboxTypes, inboxValues } from '../events/inbox.ts';
import { canonicalJson, cleanText, exactJson, keyText } from '../json.ts';
import { allOf, looksAtMost, ofServices, type Page, pageOf, textsOf, type WithinServices } from '../lists.ts';
import { appendLines } from '../record/record.ts';
import type { Tables } from '../tables.ts';
import type { Closed, Told } from './asked-event.ts';

/** The columns of approvals, and of questions. */
export interface AskedTable {
  id: string;
  key: string;
  /** Of its asking, in the order of lists. */
  place: GeneratedAlways<number>;
  run_id: string;
  workflow: string;
  subject: string | null;
  /** JSON text of what has no column of its own: its digest is over the very words. */
  asked: string;
  asked_at: Generated<Date>;
  expires_at: Time;
  state: Generated<string>;
  /** JSON text. */
  answers: Generated<string>;
  messages: Json<ApprovalMessage[]>;
  closed_at: Time | null;
  closed_because: string | null;
}

/** What a run asks people, of whichever kind. */
interface Asked {
  id: string;
  runId: string;
  workflow: string;
  subject?: string;
  summary: string;
  askedAt: string;
  expiresAt: string;
  state: string;
  answers: readonly { via: string }[];
  messages: readonly ApprovalMessage[];
  closedAt?: string;
  closedBecause?: string;
}

/** A kind of what is asked: its table, and what is told of it. */
interface Kind<Kept extends Asked> {
  table: 'approvals' | 'questions';
  askedEntry(kept: Kept): Entry;
  closedEntry(kept: Kept, closed: Closed): Entry;
  /** The engine's event of how it stands. */
  eventOf(kept: Kept, time: string): Told;
}

type Closing = Omit<Closed, 'at'>;

interface Request {
  key: string;
  expiresInSeconds: number;
  runId: string;
  workflow: string;
  subject?: string;
}

/** What an answer makes of it, where it still counts: a change, or nothing but an outcome. */
export type Taken<Outcome, Kept extends Asked> =
  | { outcome: Outcome }
  | { outcome: Outcome; state: Kept['state']; answers: Kept['answers']; entry: Entry };

/**
 * What became of an answer. Nothing was done where what is asked had `ended` before; has `expired`; the `run ended`; or the incident was
 * `resolved`, by whom where that is known.
 */
export type Answered<Outcome> =
  | { outcome: Outcome | 'ended' | 'expired' | 'run ended' }
  | { outcome: 'resolved'; by?: string };

export interface AskedFilter<State> extends WithinServices {
  state?: State | undefined;
  subject?: string | undefined;
  run?: string | undefined;
  workflows?: readonly string[] | undefined;
  before?: number | undefined;
  limit: number;
}

const columns =
  sql.raw(`id, place, run_id, workflow, subject, asked, asked_at, expires_at, state, answers, messages,
  closed_at, closed_because`);
type StoredAsked = Omit<Selectable<AskedTable>, 'key'>;
/** One that is about to change, under its lock. */
interface Locked extends StoredAsked {
  now: Date;
}

/** How one leaves `pending`, or what is said to it there. */
interface Change {
  state: string;
  answers?: readonly unknown[];
  /** Where no answer ends it. */
  because?: string;
  entry: Entry;
}

/**
 * What runs ask people, of one kind. Each change of state is one transaction with its line in the record and the engine's event. All times
 * are the database's: whoever asks or answers may have a clock that is wrong.
 */
export function askedOn<Kept extends Asked>(context: Context, kind: Kind<Kept>) {
  const { db, scrub, makeLine, onPending } = context;
  const table = sql.table(kind.table);

  /** What tells of a change in the same statement: the line, and where the state is another one, the engine's event with its own line. */
  function told(kept: Kept, entry: Entry, event: boolean, condition: RawBuilder<unknown>) {
    const { row, received } = kind.eventOf({ ...kept, summary: scrub(kept.summary) }, entry.at);
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
  ): Promise<Kept> {
    const isOver = state !== 'pending';
    const after: StoredAsked = {
      ...row,
      state,
      ...(answers ? { answers: JSON.stringify(answers) } : {}),
      ...(isOver
        ? { closed_at: row.now, closed_because: because === undefined ? null : cleanText(because) }
        : {}),
    };
    const kept: Kept = keptOf(after);
    await sql`
      with changed as (
        update ${table} set state = ${state}, answers = ${after.answers}, closed_because = ${after.closed_because},
          closed_at = ${after.closed_at === null ? null : entry.at}::timestamptz
        where id = ${row.id} and state = ${row.state} returning id
      ), ${told(kept, entry, isOver, sql`exists (select from changed)`)}
      select from changed`.execute(transaction);
    return kept;
  }

  function close(row: Locked, closing: Closing, transaction: Transaction<Tables>): Promise<Kept> {
    const { state, because } = closing;
    const entry = kind.closedEntry(keptOf(row), { ...closing, at: row.now.toISOString() });
    return change(row, { state, because, entry }, transaction);
  }

  async function answer<Outcome extends string>(
    row: Locked,
    via: string,
    take: (before: Kept, at: string) => Taken<Outcome, Kept>,
    transaction: Transaction<Tables>,
  ): Promise<{ kept: Kept } & Answered<Outcome>> {
    const before: Kept = keptOf(row);
    if (row.state !== 'pending') return { outcome: 'ended', kept: before };
    const closeAs = (state: 'expired' | 'withdrawn', because: string) =>
      close(row, { state, because, via }, transaction);
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
      return { outcome: 'run ended', kept: await closeAs('withdrawn', because) };
    }
    if (row.expires_at <= row.now)
      return { outcome: 'expired', kept: await closeAs('expired', 'nobody answered in time') };
    if (around.resolved && !goesOn(around.cause))
      return { outcome: 'resolved', kept: before, ...(around.by === null ? {} : { by: around.by }) };
    const taken = take(before, row.now.toISOString());
    if (!('entry' in taken)) return { outcome: taken.outcome, kept: before };
    return { outcome: taken.outcome, kept: await change(row, taken, transaction) };
  }

  /** Gives `use` one of them, which nobody else changes meanwhile. */
  async function locked<Result>(
    id: string,
    use: (row: Locked, transaction: Transaction<Tables>) => Promise<Result>,
  ): Promise<Result | undefined> {
    const result = await db.transaction().execute(async (transaction) => {
      const found = await sql<StoredAsked>`
        select ${columns} from ${table} where id = ${cleanText(id)} for update`.execute(transaction);
      const [row] = found.rows;
      if (!row) return undefined;
      // A statement of its own: the lock may have been waited for.
      const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(transaction);
      return use({ ...row, now: rows[0]?.now ?? new Date(Number.NaN) }, transaction);
    });
    onPending();
    return result;
  }

  async function find(condition: RawBuilder<unknown>): Promise<Kept | undefined> {
    const { rows } = await sql<StoredAsked>`select ${columns} from ${table} where ${condition}`.execute(db);
    return rows.map((row): Kept => keptOf(row))[0];
  }

  return {
    /** Asks, once for each key: gives the one that there is. */
    async ask({ key, expiresInSeconds, runId, workflow, subject, ...asked }: Request): Promise<Kept> {
      const { rows } = await sql<{ now: Date }>`select now() as now`.execute(db);
      const askedAt = rows[0]?.now ?? new Date(Number.NaN);
      const row: StoredAsked = {
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
      const fresh: Kept = keptOf(row);
      await sql`
        with asked as (
          insert into ${table} (id, key, run_id, workflow, subject, asked, asked_at, expires_at)
          values (${row.id}, ${keyText(key)}, ${row.run_id}, ${row.workflow}, ${row.subject}, ${row.asked},
            ${fresh.askedAt}::timestamptz, ${fresh.expiresAt}::timestamptz)
          on conflict do nothing returning id
        ), ${told(fresh, kind.askedEntry(fresh), true, sql`exists (select from asked)`)}
        select from asked`.execute(db);
      onPending();
      const kept = await find(sql`key = ${keyText(key)}`);
      if (!kept) throw new Error('What was asked is not there');
      return kept;
    },

    find: (id: string) => find(sql`id = ${cleanText(id)}`),

    /** Those of some runs that are pending, oldest first. */
    async pendingOf(runIds: readonly string[]): Promise<Kept[]> {
      if (runIds.length === 0) return [];
      const { rows } = await sql<StoredAsked>`
        select ${columns} from ${table} where state = 'pending' and run_id = any (${textsOf(runIds)})
        order by place`.execute(db);
      return rows.map((row): Kept => keptOf(row));
    },

    /** Ends one that is in one of the states `from`. Gives how it stands after it. */
    close: (id: string, { state, because, from }: Omit<Closing, 'via'> & { from: Kept['state'][] }) =>
      locked(id, async (row, transaction) => {
        const isDue = state !== 'expired' || row.expires_at <= row.now;
        if (!from.includes(row.state) || !isDue) return keptOf<Kept>(row);
        return close(row, { state, because, via: 'worker' }, transaction);
      }),

    /** Withdraws pending ones whose runs have ended without doing so: some, oldest first. Gives how many. */
    async withdrawOfEndedRuns(): Promise<number> {
      const { rows } = await sql<{ id: string; state: string }>`
        select asked.id, runs.state from ${table} as asked join runs on runs.id = run_id
        where asked.state = 'pending' and ended_at is not null order by place limit 100`.execute(db);
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

    /** Remembers where people see it. */
    async showed(id: string, { channelId, ts }: ApprovalMessage): Promise<void> {
      const message = canonicalJson([{ channelId, ts }]);
      await sql`update ${table} set messages = messages || ${message}::jsonb
        where id = ${cleanText(id)} and not messages @> ${message}::jsonb`.execute(db);
    },

    /** Takes an answer, if it still counts. Undefined: there is none of this id. Whether this person may answer is not asked here. */
    answer: <Outcome extends string>(
      id: string,
      via: string,
      take: (before: Kept, at: string) => Taken<Outcome, Kept>,
    ) => locked(id, (row, transaction) => answer(row, via, take, transaction)),

    /** Newest first. */
    async page(filter: AskedFilter<Kept['state']>): Promise<Page<Kept, number>> {
      const { state, subject, run, workflows, services, before, limit } = filter;
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
      const { rows } = await sql<StoredAsked>`
        select ${columns} from (
          select * from ${table} where ${found} order by place desc limit ${looksAtMost}
        ) as looked where ${wanted} order by place desc limit ${limit + 1}`.execute(db);
      const end = rows.length <= limit ? await lastLooked(found) : undefined;
      return pageOf(rows, limit, {
        rowOf: (row): Kept => keptOf(row),
        placeOf: ({ place }) => place,
        ...(end === undefined ? {} : { end }),
      });
    },
  };

  async function lastLooked(found: RawBuilder<unknown>): Promise<number | undefined> {
    const { rows } = await sql<{ place: number }>`
      select place from ${table} where ${found} order by place desc offset ${looksAtMost - 1} limit 1`.execute(
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

/** What is asked is of the kind that its table is for: it was written as such. */
function keptOf<Kept extends Asked>(row: StoredAsked): Kept {
  return {
    ...JSON.parse(row.asked),
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
