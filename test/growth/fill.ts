import { type Kysely, sql } from 'kysely';
import type { Tables } from '../../store/tables.ts';

/** Incidents that are added together. */
const step = 50_000;
const services = 50;

/** What an incident leaves behind, as `fillStore` has it: about what a run of three activities does. */
export const perIncident = { inbox: 4, runs: 1, effects: 2, effect_targets: 2, record: 12 };

const spread = (of: string) => `(array['triggered', 'acknowledged', 'resolved', 'ended'])[${of}]`;

/** Statements that add the incidents from `first` to `last`, which are over. */
const added = (first: number, last: number): string[] => [
  `insert into incidents (id, status, seen_at, service, data, urgent)
    select 'QOLD' || n, 'resolved', now() - make_interval(mins => n), 'PS' || n % ${services},
      jsonb_build_object('id', 'QOLD' || n, 'title', 'p99 latency above ' || n, 'status', 'resolved', 'urgency', 'high',
        'service', jsonb_build_object('id', 'PS' || n % ${services}, 'name', 'Search')), false
    from generate_series(${first}, ${last}) as n`,
  `insert into inbox (source, event_id, type, subject, lane, time, received_at, body, event, disposition, reason, attempts, decided, storm)
    select case when part = 4 then 'baton' else '/pagerduty/default' end, 'QOLD' || n || 'E' || part,
      case when part = 4 then 'run.completed' else 'pagerduty.incident.' || ${spread('part')} end, 'QOLD' || n, 'QOLD' || n,
      '2026-03-01T10:00:00.000Z', now() - make_interval(mins => n), convert_to(repeat('{"event":{}}', 20), 'UTF8'),
      jsonb_build_object('id', 'QOLD' || n || 'E' || part, 'subject', 'QOLD' || n, 'data', jsonb_build_object('id', 'QOLD' || n, 'title', 'p99 latency above ' || n)),
      case when part in (1, 2) then 'dispatched' else 'ignored' end, 'no trigger matched', 1, part < 3,
      case when part = 1 then 'default PS' || n % ${services} || ' high' end
    from generate_series(${first}, ${last}) as n, generate_series(1, ${perIncident.inbox}) as part`,
  `insert into runs (id, trigger, workflow, subject, target, event_seq, state, outcome, created_at, ended_at, seen_at, input, cause)
    select 'on-triggered/QOLD' || n, 'on-triggered', 'handle', 'QOLD' || n, 'QOLD' || n, n * ${perIncident.inbox}, 'completed', 'done',
      now() - make_interval(mins => n), now() - make_interval(mins => n), now() - make_interval(mins => n),
      '{"incidentId":"QOLD"}', '{"trigger":"on-triggered","mode":"auto","incident":{"id":"QOLD","service":{"id":"PS","name":"Search"}}}'
    from generate_series(${first}, ${last}) as n`,
  `insert into effects (key, run_id, activity, subject, causes, actor, attempt, state, digest, acted_at, created_at)
    select 'on-triggered/QOLD' || n || '/' || part, 'on-triggered/QOLD' || n, 'acknowledgePagerDutyIncident', 'QOLD' || n,
      '["pagerduty.incident.acknowledged"]', '{"kind":"trigger","name":"on-triggered"}', 1, 'done', 'digest',
      array[now() - make_interval(mins => n)], now() - make_interval(mins => n)
    from generate_series(${first}, ${last}) as n, generate_series(1, ${perIncident.effects}) as part`,
  `insert into effect_targets (key, target, open)
    select 'on-triggered/QOLD' || n || '/' || part, case when part = 1 then 'pagerduty:QOLD' || n else 'slack:C' || n % 1000 end, false
    from generate_series(${first}, ${last}) as n, generate_series(1, ${perIncident.effect_targets}) as part`,
  `insert into record (seq, at, actor, via, action, subject, detail, previous, hash)
    select (n - 1) * ${perIncident.record} + part, '2026-03-01T10:00:00.000Z', 'trigger:t' || n % 20, 'worker',
      (array['event.received', 'event.answered', 'run.started', 'activity.intended', 'activity.completed', 'run.ended'])[1 + part % 6],
      'QOLD' || n, '{"run":"on-triggered/QOLD' || n || '","text":"${'words of some length '.repeat(8)}"}', repeat('0', 64), repeat('0', 64)
    from generate_series(${first}, ${last}) as n, generate_series(1, ${perIncident.record}) as part`,
  `update record_head set seq = ${last * perIncident.record}`,
];

/** Those that grow with each incident. */
export const filledTables = ['incidents', 'inbox', 'runs', 'effects', 'effect_targets', 'record'];

/**
 * Fills an empty store with incidents that are over, and all that they have left behind. Indexes that hold no rule are made when all is there,
 * which takes a fraction of the time. The record that it makes does not verify.
 */
export async function fillStore(
  run: (statement: string) => Promise<void>,
  db: Kysely<Tables>,
  incidents: number,
): Promise<void> {
  const { rows: indexes } = await sql<{ name: string; text: string }>`
    select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as text from pg_index
    where not indisunique and indrelid = any (${`{${filledTables.join(',')}}`}::regclass[])`.execute(db);
  for (const { name } of indexes) await run(`drop index ${name}`);
  for (let first = 1; first <= incidents; first += step)
    for (const statement of added(first, Math.min(incidents, first + step - 1))) await run(statement);
  for (const { text } of indexes) await run(text);
  for (const table of filledTables) await run(`vacuum analyze ${table}`);
}
