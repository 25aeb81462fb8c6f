import { type Selectable, sql } from 'kysely';
import type { Context } from './context.ts';
import { cleanText, keyText } from './json.ts';
import { appendLines } from './record.ts';
import { runRow } from './runs.ts';
import type { Decision, Store } from './store.ts';
import type { RunsTable } from './tables.ts';

export function dispatchPart({
  db,
  me,
  held,
  scrub,
  makeLine,
}: Context): Pick<Store, 'situation' | 'decide' | 'settle'> {
  return {
    async situation(subject) {
      const key = keyText(subject);
      // Joined to the key itself, so that there is a row even where nothing is known.
      const { rows } = await sql<Selectable<RunsTable> & { status: string | null; seen_at: Date }>`
        select runs.*, incidents.status, incidents.seen_at
        from (select ${key}::text as subject) as asked
        left join incidents on incidents.id = asked.subject
        left join runs on runs.subject = asked.subject
        order by runs.created_at, runs.id`.execute(db);
      const first = rows[0];
      // Without a run, its columns are null in the one row.
      const runs = rows.filter(({ id }) => id !== null).map(runRow);
      if (!first || first.status === null) return { runs };
      return { incident: { seenAt: first.seen_at.toISOString(), status: first.status }, runs };
    },

    async decide({ seq, incident, runs, entries }) {
      const mirror = incident ? [{ ...incident, id: keyText(incident.id) }] : [];
      await sql`
        with first as (
          update inbox set decided = true where seq = ${seq} and not decided returning seq
        ), mirrored as (
          insert into incidents (id, status, seen_at)
          select id, status, "seenAt" from jsonb_to_recordset(${JSON.stringify(mirror)}::jsonb)
            as mirror (id text, status text, "seenAt" timestamptz)
          on conflict (id) do update set status = excluded.status, seen_at = excluded.seen_at
            where incidents.seen_at <= excluded.seen_at
        ), started as (
          insert into runs (id, trigger, workflow, subject, target, event_seq, state)
          select id, trigger, workflow, subject, target, "eventSeq", 'starting'
          from jsonb_to_recordset(${JSON.stringify(runs.map(runColumns))}::jsonb)
            as run (id text, trigger text, workflow text, subject text, target text, "eventSeq" bigint)
          on conflict do nothing
        )
        ${appendLines(entries.map(makeLine), sql`exists (select from first)`)}`.execute(db);
    },

    async settle({ seq, disposition, reason, started, entries }) {
      const { rows } = await sql<{ settled: boolean }>`
        with settled as (
          update inbox set disposition = ${disposition}, reason = ${cleanText(scrub(reason))},
            leased_by = null, leased_until = null
          where seq = ${seq} and leased_by = ${me}::text and disposition is null returning seq
        ), running as (
          update runs set state = 'running'
          where state = 'starting' and exists (select from settled)
            and id in (select value from jsonb_array_elements_text(${JSON.stringify(started)}::jsonb))
        ), noted as (
          ${appendLines(entries.map(makeLine), sql`exists (select from settled)`)}
        )
        select exists (select from settled) as settled`.execute(db);
      held.delete(seq);
      return rows[0]?.settled ?? false;
    },
  };
}

/** Only what a decision says: state and times are the store's. */
function runColumns({ id, trigger, workflow, subject, target, eventSeq }: Decision['runs'][number]) {
  return {
    id,
    trigger,
    workflow,
    target,
    eventSeq,
    subject: subject === undefined ? null : keyText(subject),
  };
}
