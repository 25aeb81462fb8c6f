import { type Selectable, sql } from 'kysely';
import type { Context } from './context.ts';
import { inboxColumns, inboxRow, inboxTypes, inboxValues, receivedEntry } from './inbox.ts';
import { canonicalJson, cleanText, keyText } from './json.ts';
import { appendLines } from './record.ts';
import type { RunRow, Store } from './store.ts';
import type { RunsTable } from './tables.ts';

/** The envelope is the event: it came from nowhere, so there are no bytes. */
const noBody = new Uint8Array();

export function runsPart({
  db,
  scrub,
  makeLine,
  onPending,
}: Context): Pick<Store, 'findRun' | 'listRuns' | 'endRun'> {
  const runs = db.selectFrom('runs').selectAll();

  return {
    async findRun(id) {
      const row = await runs.where('id', '=', cleanText(id)).executeTakeFirst();
      return row && runRow(row);
    },

    async listRuns({ subject, live, limit }) {
      let query = runs.orderBy('created_at', 'desc').orderBy('id').limit(limit);
      if (subject !== undefined) query = query.where('subject', '=', keyText(subject));
      if (live !== undefined) query = query.where('state', live ? 'in' : 'not in', ['starting', 'running']);
      return (await query.execute()).map(runRow);
    },

    async endRun({ id, state, outcome, failure, entry, event }) {
      const received = makeLine(receivedEntry({ ...event, body: noBody }));
      const { rows } = await sql<{ ended: boolean }>`
        with ended as (
          update runs set state = ${state}, outcome = ${cleanText(scrub(outcome))}, ended_at = now(),
            failure = ${failure === undefined ? null : canonicalJson(failure, scrub)}::jsonb
          where id = ${cleanText(id)} and state in ('starting', 'running') returning id
        ), noted as (
          ${appendLines([makeLine(entry)], sql`exists (select from ended)`)}
        ), stored as (
          insert into inbox (${inboxColumns}, body)
          select ${inboxValues}, ${noBody}::bytea
          from jsonb_to_recordset(${JSON.stringify([inboxRow(event)])}::jsonb) as given (${inboxTypes})
          where exists (select from ended)
          on conflict do nothing
          returning seq
        ), received as (
          ${appendLines([received], sql`exists (select from stored)`)}
        )
        select exists (select from ended) as ended`.execute(db);
      if (!rows[0]?.ended) return false;
      onPending();
      return true;
    },
  };
}

export function runRow(row: Selectable<RunsTable>): RunRow {
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
    ...(row.ended_at !== null && { endedAt: row.ended_at.toISOString() }),
  };
}
