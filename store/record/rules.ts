/**
 * The rules of the record, which the database itself keeps: lines are linked and pruned by two functions that belong to the owner of the
 * tables, and by nothing else. So a role that is not the owner can add lines, and can neither alter nor remove one, linked or waiting.
 */

const lineColumns = 'at, actor, via, action, subject, detail';

/** Of what a line is hashed over: the length of its bytes, a colon, and the bytes (as `linkHash` has it). */
const field = (text: string) => `octet_length(convert_to(${text}, 'UTF8')) || ':' || ${text}`;
const hashedFields = [
  'last.seq::text',
  ...lineColumns.split(', ').map((name) => `line.${name}`),
  'last.hash',
].map(field);

/** The statements that put them in place. A released step is never changed. */
export const recordSteps = [
  `create table record_checkpoints (
    first_seq bigint primary key,
    last_seq bigint not null unique,
    last_hash text not null,
    lines bigint not null,
    at text not null,
    signature text
  )`,

  // Lines may leave the queue only into the record, within one transaction: what is linked already stands behind the head there.
  `create function refuse_unlinked() returns trigger language plpgsql as $$
    begin
      if exists (
        select ${lineColumns} from gone
        except all
        select ${lineColumns} from record where seq > (select seq from record_head)
      ) then
        raise exception 'the record is append-only: DELETE of a waiting line is refused' using errcode = 'insufficient_privilege';
      end if;
      return null;
    end $$`,
  `create trigger record_queue_append_only before update or truncate on record_queue
    for each statement execute function refuse_change()`,
  `create trigger record_queue_only_linked after delete on record_queue referencing old table as gone
    for each statement execute function refuse_unlinked()`,

  // Lines may leave the record only behind a checkpoint, which is made of them.
  `create function refuse_unpruned() returns trigger language plpgsql as $$
    begin
      if exists (select from gone where seq > coalesce((select max(last_seq) from record_checkpoints), 0)) then
        raise exception 'the record is append-only: DELETE is refused' using errcode = 'insufficient_privilege';
      end if;
      return null;
    end $$`,
  `drop trigger record_append_only on record`,
  `create trigger record_append_only before update or truncate on record
    for each statement execute function refuse_change()`,
  `create trigger record_only_pruned after delete on record referencing old table as gone
    for each statement execute function refuse_unpruned()`,
  `create function refuse_false_checkpoint() returns trigger language plpgsql as $$
    begin
      if new.first_seq <> coalesce((select max(last_seq) from record_checkpoints), 0) + 1
        or new.lines <> new.last_seq - new.first_seq + 1
        or new.lines <> (select count(*) from record where seq between new.first_seq and new.last_seq)
        or new.last_hash is distinct from (select hash from record where seq = new.last_seq)
      then
        raise exception 'the record is append-only: the checkpoint is not that of its lines' using errcode = 'insufficient_privilege';
      end if;
      return new;
    end $$`,
  `create trigger record_checkpoints_true before insert on record_checkpoints
    for each row execute function refuse_false_checkpoint()`,
  `create trigger record_checkpoints_append_only before update or delete or truncate on record_checkpoints
    for each statement execute function refuse_change()`,

  `create function seal_record(most integer) returns integer language plpgsql security definer as $$
    declare
      last record_head%rowtype;
      line record_queue%rowtype;
      link text;
      taken bigint[] := '{}';
    begin
      if not pg_try_advisory_xact_lock(7229001) then return 0; end if;
      select * into strict last from record_head;
      for line in select * from record_queue order by id limit most loop
        last.seq := last.seq + 1;
        link := encode(sha256(convert_to(${hashedFields.join(' || ')}, 'UTF8')), 'hex');
        insert into record (seq, ${lineColumns}, previous, hash) values (
          last.seq, line.at, line.actor, line.via, line.action, line.subject, line.detail, last.hash, link
        );
        last.hash := link;
        taken := taken || line.id;
      end loop;
      if cardinality(taken) = 0 then return 0; end if;
      -- By name: a line with a smaller id may have been committed meanwhile.
      delete from record_queue where id = any (taken);
      update record_head set seq = last.seq, hash = last.hash;
      return cardinality(taken);
    end $$`,

  // Whoever gets hold of the role can thus prune early, but nothing of the last day, and never unseen.
  `create function prune_record(through bigint, pruned_at text, signed text) returns bigint language plpgsql security definer as $$
    declare
      first bigint;
    begin
      select coalesce(max(last_seq), 0) + 1 into first from record_checkpoints;
      if through < first then return 0; end if;
      if exists (
        select from record where seq between first and through
          and at > to_char((now() - interval '1 day') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
      ) then
        raise exception 'the record keeps its lines for a day at least' using errcode = 'insufficient_privilege';
      end if;
      insert into record_checkpoints (first_seq, last_seq, last_hash, lines, at, signature)
        select first, seq, hash, seq - first + 1, pruned_at, signed from record where seq = through;
      delete from record where seq between first and through;
      return through - first + 1;
    end $$`,
  // They act with the rights of the owner, so nobody may put tables of his own in the place of these.
  `do $$
    declare
      name text;
    begin
      foreach name in array array['refuse_unlinked()', 'refuse_unpruned()', 'refuse_false_checkpoint()',
        'seal_record(integer)', 'prune_record(bigint, text, text)']
      loop
        execute format('alter function %s set search_path = %I, pg_temp', name, current_schema());
      end loop;
      revoke execute on function seal_record(integer), prune_record(bigint, text, text) from public;
    end $$`,

  // What else ends, and what finds it.
  `alter table inbox add column pruned boolean not null default false`,
  `create table retention (inbox_seq bigint not null)`,
  `insert into retention values (0)`,
  `alter table effects add column created_at timestamptz not null default now()`,
  `create index effects_created_at on effects (created_at)`,
  // A decision reads the live runs of a subject, the newest of each trigger and those of the event, however many there were.
  `create index runs_subject_trigger on runs (subject, trigger, created_at, id)`,
  `create index runs_live_subject on runs (subject) where state in ('starting', 'running')`,
  `create index runs_event_seq on runs (event_seq)`,
];
