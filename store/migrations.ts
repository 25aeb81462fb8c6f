import { isDeepStrictEqual } from 'node:util';
import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { askedSteps } from './asked/asked-steps.ts';
import { callbackSteps } from './callbacks.ts';
import { holdSteps } from './changes/holds.ts';
import { journalSteps } from './changes/journal.ts';
import { connectionSteps, defaultConnectionSteps } from './connections/connection-tables.ts';
import { consentSteps } from './connections/consents.ts';
import { adoptedSteps, earlierSteps, setUpSteps } from './connections/set-up.ts';
import { fastLaneSteps } from './events/fast-lane.ts';
import { heartbeatSteps } from './events/heartbeats.ts';
import { gapSteps, pullSteps } from './events/pulls.ts';
import { repeatSteps } from './events/repeats.ts';
import { scheduleSteps } from './events/schedules.ts';
import { stormSteps } from './events/storms.ts';
import { keptTextSteps } from './kept-texts.ts';
import { noticeSteps } from './notices.ts';
import { linkCodeSteps } from './people/link-codes.ts';
import { localSessionSteps } from './people/local-sessions.ts';
import { peopleScopeSteps, rightsSteps, tokenOwnerSteps } from './people/rights-steps.ts';
import { recordSteps } from './record/rules.ts';
import { loweringSteps } from './runs/lowerings.ts';
import { takeoverSteps } from './runs/takeovers.ts';
import { subscriptionSteps } from './subscriptions.ts';
import type { Tables } from './tables.ts';
import { transcriptSteps } from './transcripts.ts';
import { untoldSteps } from './untold.ts';
import { watchdogSteps } from './watched.ts';

/** Each step is a list of statements. A step that was released is never changed: the next change is a step of its own. */
const steps: Record<string, string[]> = {
  '0001-store': [
    `create table inbox (
      seq bigint generated always as identity primary key,
      source text not null,
      event_id text not null,
      type text not null,
      subject text,
      lane text not null,
      time text not null,
      received_at timestamptz not null default now(),
      delivery_id text,
      body bytea not null,
      event jsonb,
      disposition text,
      reason text,
      attempts integer not null default 0,
      leased_by text,
      leased_until timestamptz,
      duplicate_of bigint,
      decided boolean not null default false
    )`,
    // A duplicate is kept as a row of its own, so only the first one of each event stands under these rules.
    `create unique index inbox_event on inbox (event_id, source) where duplicate_of is null`,
    `create unique index inbox_delivery on inbox (source, delivery_id)
      where duplicate_of is null and delivery_id is not null`,
    `create index inbox_subject on inbox (subject, seq)`,
    `create index inbox_disposition on inbox (disposition, seq)`,
    `create index inbox_pending on inbox (seq) where disposition is null`,
    `create index inbox_pending_lane on inbox (lane, seq) where disposition is null`,
    `create table incidents (id text primary key, status text not null, seen_at timestamptz not null)`,
    `create table runs (
      id text primary key,
      trigger text not null,
      workflow text not null,
      subject text,
      target text not null,
      event_seq bigint not null,
      state text not null,
      outcome text,
      failure jsonb,
      created_at timestamptz not null default now(),
      ended_at timestamptz
    )`,
    `create index runs_subject on runs (subject, created_at)`,
    `create index runs_created_at on runs (created_at)`,
    `create index runs_live on runs (created_at) where state in ('starting', 'running')`,
    `create table effects (
      key text primary key,
      run_id text not null,
      activity text not null,
      subject text,
      target text,
      causes jsonb not null,
      actor jsonb not null,
      attempt integer not null,
      state text not null,
      intended_at timestamptz not null default now(),
      uncertain_since timestamptz,
      changed boolean,
      result text,
      taken jsonb not null default '{}'
    )`,
    `create unique index effects_open_target on effects (target) where state = 'open' and target is not null`,
    `create index effects_subject on effects (subject, intended_at) where subject is not null`,
    `create table record_queue (
      id bigint generated always as identity primary key,
      at text not null,
      actor text not null,
      via text not null,
      action text not null,
      subject text not null,
      detail text not null
    )`,
    `create table record (
      seq bigint primary key,
      at text not null,
      actor text not null,
      via text not null,
      action text not null,
      subject text not null,
      detail text not null,
      previous text not null,
      hash text not null
    )`,
    `create index record_subject on record (subject, seq)`,
    `create index record_actor on record (actor, seq)`,
    `create table record_head (seq bigint not null, hash text not null)`,
    `create unique index record_head_one on record_head ((true))`,
    `insert into record_head values (0, repeat('0', 64))`,
    `create function refuse_change() returns trigger language plpgsql as $$
      begin
        raise exception 'the record is append-only: % is refused', tg_op using errcode = 'insufficient_privilege';
      end $$`,
    `create trigger record_append_only before update or delete or truncate on record
      for each statement execute function refuse_change()`,
  ],
  '0002-effects': [
    `create table effect_targets (
      key text not null references effects (key) on delete cascade,
      target text not null,
      open boolean not null,
      primary key (key, target)
    )`,
    `insert into effect_targets select key, target, state = 'open' from effects where target is not null`,
    `create unique index effect_targets_open on effect_targets (target) where open`,
    `create index effect_targets_target on effect_targets (target)`,
    `alter table effects
      add column digest text not null default '',
      add column destructive boolean not null default false,
      add column acted_at timestamptz[] not null default '{}'`,
    `update effects set acted_at = array[coalesce(uncertain_since, intended_at)]
      where uncertain_since is not null or (state <> 'none' and changed is not false)`,
    `update effects set taken = coalesce((select jsonb_object_agg(value, name) from jsonb_each_text(taken) as each (name, value)), '{}')`,
    `drop index effects_open_target`,
    `drop index effects_subject`,
    `alter table effects drop column target, drop column uncertain_since, drop column changed, drop column intended_at`,
    `create index effects_subject on effects (subject) where subject is not null`,
  ],
  '0004-dispatch': [
    // A run can be started again from its own row. `seen_at`: Temporal last knew it then.
    `alter table runs add column input text, add column cause text, add column seen_at timestamptz`,
    `create index runs_live_event on runs (event_seq, id) where state in ('starting', 'running')`,
    // One row says how long a process holds all that carries its name, so that prolonging does not touch the events.
    `create table processes (name text primary key, until timestamptz not null)`,
    `alter table inbox drop column leased_until`,
    // Bodies lie apart from their rows, so that a row can change without its body being written again.
    `alter table inbox set (toast_tuple_target = 128)`,
    // Being volatile, it sees what was committed while it waited for the lock; the statement that calls it would not.
    `create function lane_is_free(asked text, process text, holding bigint[]) returns boolean
      language plpgsql volatile as $$
      begin
        perform pg_advisory_xact_lock(7229003, hashtext(asked) & 1023);
        return not exists (
          select from inbox where lane = asked and disposition is null
            and (leased_by is distinct from process or seq <> all (holding))
        );
      end $$`,
  ],
  '0006-record': recordSteps,
  '0007-runs': [
    `alter table runs add column stuck jsonb`,
    `create index runs_stuck on runs (id) where stuck is not null`,
  ],
  // The delivery's id is a header that is not signed: it tells no event from another.
  '0009-strangers': [`drop index inbox_delivery`],
  '0010-speed': [
    // The check of each row cost as much as the row.
    `alter table effect_targets drop constraint effect_targets_key_fkey`,
    // Each change of a run's state writes all of its indexes.
    `drop index runs_live`,
    `drop index runs_live_event`,
    `drop index runs_live_subject`,
    `create index runs_live on runs (subject, event_seq) where state in ('starting', 'running')`,
  ],
  '0011-budgets': [
    `create unlogged table budgets (
      name text primary key,
      granted double precision not null,
      left_over double precision not null,
      at timestamptz not null
    )`,
  ],
  '0012-rights': rightsSteps,
  '0013-operations': [
    // Lists go by `place`: it never changes, so pages neither lose nor repeat an incident whose state does.
    `alter table incidents add column place bigint generated always as identity, add column service text, add column data jsonb`,
    `update incidents set data = told.data,
        service = left(id, length(id) - length(told.data->>'id')) || (told.data->'service'->>'id') from (
      select distinct on (subject) subject, event->>'connection' as connection, event->'data' as data from inbox
      where type like 'pagerduty.incident.%' and event->'data'->>'status' is not null order by subject, seq desc
    ) as told where told.subject = incidents.id and incidents.id in (told.data->>'id', told.connection || '/' || (told.data->>'id'))`,
    `create unique index incidents_place on incidents (place)`,
    `create index incidents_service on incidents (service, place)`,
    `create index incidents_open on incidents (place) where status <> 'resolved'`,
    `create index incidents_kept on incidents (seen_at) where status = 'resolved' and data is not null`,
    `create index record_action on record (action, seq)`,
    `create table answers (
      principal text not null,
      key text not null,
      digest text not null,
      at timestamptz not null default now(),
      status integer,
      answer text,
      primary key (principal, key)
    )`,
    `create index answers_at on answers (at)`,
  ],
  '0014-connections': connectionSteps,
  '0015-approvals': askedSteps('approvals'),
  '0016-pull': pullSteps,
  '0017-link-codes': linkCodeSteps,
  '0018-workers': [`alter table runs add column worker jsonb`],
  '0019-default-connections': defaultConnectionSteps,
  '0020-asked-by': [
    `alter table runs add column asked_by text`,
    `create index runs_asked on runs (asked_by, event_seq) where state in ('starting', 'running') and asked_by is not null`,
  ],
  '0021-token-owners': tokenOwnerSteps,
  '0022-notices': noticeSteps,
  '0023-storms': stormSteps,
  '0024-people-scope': peopleScopeSteps,
  '0025-holds': holdSteps,
  '0026-transcripts': transcriptSteps,
  '0027-watchdog': [...watchdogSteps, ...scheduleSteps, ...gapSteps],
  '0028-modes': loweringSteps,
  '0029-questions': askedSteps('questions'),
  '0032-takeovers': takeoverSteps,
  '0034-journal': journalSteps,
  '0035-fast-lane': fastLaneSteps,
  '0040-asking': [
    // As `isAsking` says it: else each question about agreement reads the causes of all runs.
    `create index runs_asking on runs (trigger, created_at)
      where substring(cause from '"mode":"([a-z]+)"') in ('observe', 'propose', 'approve')`,
  ],
  '0041-kept-texts': keptTextSteps,
  '0043-heartbeats': heartbeatSteps,
  '0042-subscriptions': [...subscriptionSteps, ...callbackSteps],
  '0044-set-up': setUpSteps,
  '0045-adopted': adoptedSteps,
  '0046-earlier': earlierSteps,
  '0050-untold': untoldSteps,
  '0051-repeats': repeatSteps,
  '0060-local-sessions': localSessionSteps,
  '0062-consents': consentSteps,
};

/**
 * Brings the tables up to date, forward only. Processes that start at the same moment wait for each other (an advisory lock). Throws
 * when the database has steps that this version does not know: it was used by a newer one.
 */
export async function migrate(db: Kysely<Tables>): Promise<void> {
  if (await isUpToDate(db)) return;
  const migrator = new Migrator({
    db,
    migrationTableName: 'migrations',
    migrationLockTableName: 'migrations_lock',
    provider: { getMigrations: async () => migrations() },
  });
  const { error } = await migrator.migrateToLatest();
  if (error) throw isRefused(error) ? new TablesOutOfDate() : error;
}

/**
 * Whether the tables have had all steps, as at each start but the first one of a version. One statement tells: the migrator asks for all
 * columns of all tables twice, which is a fifth of a start. Where it does not tell, the migrator finds out, and says what is wrong.
 */
async function isUpToDate(db: Kysely<Tables>): Promise<boolean> {
  try {
    const { rows } = await sql<{ name: string }>`select name from migrations`.execute(db);
    return isDeepStrictEqual(new Set(rows.map(({ name }) => name)), new Set(Object.keys(steps)));
  } catch (error) {
    if (isRefused(error) || isMissing(error)) return false;
    throw error;
  }
}

/** The tables have to be changed, and the role that is signed in may not do it. */
export class TablesOutOfDate extends Error {
  override name = 'TablesOutOfDate';
  constructor() {
    super(
      'The tables are not those of this version, and the role of DATABASE_URL may not change them. Run `baton migrate` with the ' +
        'address of their owner in BATON_MIGRATION_DATABASE_URL, then start again.',
    );
  }
}

const hasCode = (error: unknown, code: string) =>
  error instanceof Error && 'code' in error && error.code === code;
const isRefused = (error: unknown) => hasCode(error, '42501');
const isMissing = (error: unknown) => hasCode(error, '42P01');

function migrations(): Record<string, Migration> {
  return Object.fromEntries(
    Object.entries(steps).map(([name, statements]) => [name, { up: (db) => runAll(db, statements) }]),
  );
}

async function runAll(db: Kysely<unknown>, statements: string[]): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
