import { type Selectable, sql } from 'kysely';
import type { Context } from './context.ts';
import { groupCommit } from './group-commit.ts';
import { inboxColumns, inboxRow, inboxTypes, inboxValues, receivedEntry } from './inbox.ts';
import { canonicalJson, cleanText, keyText } from './json.ts';
import { appendOwnedLines } from './record.ts';
import type { RunEnd, RunRow, Store } from './store.ts';
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

  async function endAll(all: RunEnd[]): Promise<boolean[]> {
    // The same run twice in one batch ends once, by the first.
    const ends = [...new Map(all.toReversed().map((end) => [end.id, end])).values()];
    const given = ends.map(({ id, state, outcome, failure }) => ({
      id: cleanText(id),
      state,
      outcome: cleanText(scrub(outcome)),
      failure: failure ?? null,
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
        update runs set state = given.state, outcome = given.outcome, ended_at = now(), failure = given.failure
        from jsonb_to_recordset(${canonicalJson(given, scrub)}::jsonb) as given (id text, state text, outcome text, failure jsonb)
        where runs.id = given.id and runs.state in ('starting', 'running') returning runs.id
      ), noted as (
        ${appendOwnedLines(ended, sql`select id from ended`)}
      ), stored as (
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

    async listRuns({ subject, live, limit }) {
      let query = runs.orderBy('created_at', 'desc').orderBy('id').limit(limit);
      if (subject !== undefined) query = query.where('subject', '=', keyText(subject));
      if (live !== undefined) query = query.where('state', live ? 'in' : 'not in', ['starting', 'running']);
      return (await query.execute()).map(runRow);
    },

    async endRun(end) {
      const ended = await endRuns(end);
      if (ended) onPending();
      return ended;
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
    ...(row.stuck && { stuck: row.stuck }),
    ...(row.ended_at !== null && { endedAt: row.ended_at.toISOString() }),
  };
}
