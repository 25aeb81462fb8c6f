import { type Generated, type Selectable, sql } from 'kysely';
import type { Callback, CallbackState, Callbacks } from '../domain/callback.ts';
import { toldBy } from './asked/asked-event.ts';
import type { Time } from './columns.ts';
import type { Context } from './context.ts';
import { inboxColumns, inboxTypes, inboxValues } from './events/inbox.ts';
import { canonicalJson, keyText } from './json.ts';
import { appendLines } from './record/record.ts';

export interface CallbacksTable {
  id: string;
  /** Its address is known by the token of this hash alone. */
  token_hash: string;
  run_id: string;
  subject: string | null;
  /** JSON text. */
  schema: string;
  state: Generated<CallbackState>;
  /** JSON text. */
  data: string | null;
  opened_at: Generated<Date>;
  closed_at: Time | null;
}

export const callbackSteps = [
  `create table callbacks (
    id text primary key,
    token_hash text not null unique,
    run_id text not null,
    subject text,
    schema text not null,
    state text not null default 'waiting',
    data text,
    opened_at timestamptz not null default now(),
    closed_at timestamptz
  )`,
  `create index callbacks_run on callbacks (run_id)`,
];

/** A callback as its address finds it. `over`: the run has ended, or waits for it no more. */
export type AddressedCallback = Callback & { answer: 'waits' | 'used' | 'over' };

export interface KeptCallbacks extends Callbacks {
  /** By the hash of the token in its address. */
  findCallbackByToken(tokenHash: string): Promise<AddressedCallback | undefined>;
  /**
   * Keeps what it brought, with its line in the record and the event that wakes the run, all or nothing. False, and nothing written: it has been
   * used, or is over.
   */
  receiveCallback(id: string, data: unknown, bytes: number): Promise<boolean>;
}

const columns = sql.raw('id, run_id, subject, schema, state, data, closed_at');
type Stored = Omit<Selectable<CallbacksTable>, 'token_hash' | 'opened_at'>;

export function callbacksOn({ db, makeLine, scrub, onPending }: Context): KeptCallbacks {
  async function find(id: string): Promise<Callback | undefined> {
    const { rows } = await sql<Stored>`select ${columns} from callbacks where id = ${id}`.execute(db);
    return rows.map(callbackOf)[0];
  }
  const line = (id: string, runId: string, subject: string | null | undefined) => ({
    at: new Date().toISOString(),
    actor: 'baton',
    via: 'worker',
    subject: subject ?? runId,
    detail: { callback: id, run: runId },
  });

  return {
    async openCallback({ id, runId, subject, schema, tokenHash }) {
      const about = subject === undefined ? null : keyText(subject);
      const entry = { ...line(id, runId, subject), action: 'callback.opened' as const };
      await sql`
        with opened as (
          insert into callbacks (id, token_hash, run_id, subject, schema)
          values (${id}, ${tokenHash}, ${runId}, ${about}, ${JSON.stringify(schema)})
          on conflict do nothing returning id
        ) ${appendLines([makeLine(entry)], sql`exists (select from opened)`)}`.execute(db);
      const kept = await find(id);
      if (!kept) throw new Error('The callback that was opened is not there');
      return kept;
    },

    findCallback: find,

    async closeCallback(id, because) {
      const before = await find(id);
      if (before?.state !== 'waiting') return before;
      const { runId } = before;
      const base = line(id, runId, before.subject);
      const entry = {
        ...base,
        action: 'callback.closed' as const,
        detail: { ...base.detail, because: scrub(because) },
      };
      await sql`
        with closed as (
          update callbacks set state = 'closed', closed_at = now() where id = ${id} and state = 'waiting' returning id
        ) ${appendLines([makeLine(entry)], sql`exists (select from closed)`)}`.execute(db);
      return find(id);
    },

    async findCallbackByToken(tokenHash) {
      const { rows } = await sql<Stored & { lives: boolean }>`
        select ${columns}, exists (
          select from runs where runs.id = run_id and runs.state in ('starting', 'running')
        ) as lives from callbacks where token_hash = ${tokenHash}`.execute(db);
      return rows.map(({ lives, ...row }): AddressedCallback => {
        const { state } = row;
        const answer = state === 'received' ? 'used' : state === 'closed' || !lives ? 'over' : 'waits';
        return { ...callbackOf(row), answer };
      })[0];
    },

    async receiveCallback(id, data, bytes) {
      const kept = await find(id);
      if (!kept) return false;
      const { runId, subject } = kept;
      const base = line(id, runId, subject);
      const entry = {
        ...base,
        actor: 'callback',
        via: 'webhook',
        action: 'callback.received' as const,
        detail: { ...base.detail, bytes },
      };
      const { row, received } = toldBy({
        asked: { id, runId, ...(subject === undefined ? {} : { subject }) },
        type: 'callback.received',
        data: { callbackId: id, runId },
        time: entry.at,
        via: 'webhook',
      });
      const { rows } = await sql`
        with answered as (
          update callbacks set state = 'received', data = ${canonicalJson(data, scrub)}, closed_at = ${entry.at}::timestamptz
          where id = ${id} and state = 'waiting' returning id
        ), noted as (${appendLines([makeLine(entry)], sql`exists (select from answered)`)}
        ), stored as (
          insert into inbox (${inboxColumns}, body)
          select ${inboxValues}, ''::bytea from jsonb_to_recordset(${JSON.stringify([row])}::jsonb) as given (${inboxTypes})
          where exists (select from answered) on conflict do nothing returning event_id
        ), arrived as (${appendLines([makeLine(received)], sql`exists (select from stored)`)})
        select id from answered`.execute(db);
      if (rows.length > 0) onPending();
      return rows.length > 0;
    },
  };
}

const callbackOf = ({ id, run_id, subject, schema, state, data, closed_at }: Stored): Callback => ({
  id,
  runId: run_id,
  ...(subject === null ? {} : { subject }),
  schema: JSON.parse(schema),
  state,
  ...(data === null ? {} : { data: JSON.parse(data) }),
  ...(closed_at && state === 'received' ? { receivedAt: closed_at.toISOString() } : {}),
});
