import { type RawBuilder, sql } from 'kysely';
import type { Disposition } from '../../domain/disposition.ts';
import type { Incident } from '../../domain/incident.ts';
import type { Entry } from '../../domain/record.ts';
import type { RunRow } from '../../domain/run.ts';
import type { Context } from '../context.ts';
import { groupCommit } from '../group-commit.ts';
import { arrayOf, canonicalJson, cleanText, exactJson, keyText } from '../json.ts';
import type { LineColumns } from '../record/record.ts';
import { appendOwnedLines, bytesOfLines, type OwnedLine } from '../record/record.ts';
import { runColumnsOf, runRow, type StoredRun } from '../runs/runs.ts';
import { keepTakeovers, type ToldTakeover } from '../runs/takeovers.ts';

/** A live run that carries out what a person has asked for. */
export type AskedRun = Pick<RunRow, 'id' | 'workflow'>;

export interface Situation {
  /** The newest state that was applied, by the time of its event. */
  incident?: { seenAt: string; status: string; urgent?: boolean };
  /** The runs that the incident has joined in a storm. */
  gatheredBy?: string[];
  /** On this subject: the live ones, the newest of each trigger, and those that this event has begun. Oldest first. */
  runs: RunRow[];
  /** The live runs that its person has asked for before, of a request: see `askedBefore`. */
  askedBefore?: readonly AskedRun[];
  /** What has led to the run that asks people, where the event tells of that. */
  askedIn?: { trigger: string; chain?: readonly string[] };
}

/** An incident's state, as an event tells it. */
export interface MirroredIncident {
  /** The subject of its events. */
  id: string;
  status: string;
  seenAt: string;
  /** All that the event tells. Left out: what is known stays. */
  told?: Pick<Incident, 'id' | 'service'>;
  /** Whether it goes before others. Left out: what is known stays. */
  urgent?: boolean;
  /** All runs that it has joined. Left out: what is known stays. */
  gatheredBy?: string[];
}

export interface Decision {
  seq: number;
  /** The incident as this event tells it; left out when the event is stale or carries no incident. */
  incident?: MirroredIncident;
  /** It tells that a person has taken the incident in hand, or has it no more; also one that is stale does. */
  takenOver?: ToldTakeover;
  /** With what starts them, so that a run that Temporal loses can be started again. */
  runs: (Omit<RunRow, 'state' | 'createdAt' | 'stuck'> & {
    input: unknown;
    cause: unknown;
    /** The person on whose behalf it is, as its provider knows them. */
    askedBy?: string;
  })[];
  entries: Entry[];
}

export interface Settlement {
  seq: number;
  disposition: Disposition;
  reason: string;
  started: string[];
  entries: Entry[];
  /** Where nothing is done between deciding and settling, the two are written as one. */
  decision?: Pick<Decision, 'incident' | 'takenOver' | 'entries'>;
}

/** What was decided about an event, and what became of it. */
export interface Decisions {
  /**
   * What a decision about this event of this subject needs. One query, whose cost does not grow with the runs that there were.
   */
  situation(subject: string, seq?: number): Promise<Situation>;
  /**
   * The live runs that this person has asked for by earlier events, oldest first: those that may be about the same incident, as one of the
   * two does not name it by its id, or both name the same.
   */
  askedBefore(asked: { personId: string; seq: number; subject: string | undefined }): Promise<AskedRun[]>;
  /** The decision, before anything is started: mirror, runs to start (state `starting`), lines for the record. */
  decide(decision: Decision): Promise<void>;
  /** What became of the event. Runs in `started` become `running`. Only while this process holds the lease: else false. */
  settle(settlement: Settlement): Promise<boolean>;
}

/** A decision or settlement with its lines made. */
interface Lined<Item> {
  item: Item;
  lines: LineColumns[];
}

/** With the lines of its decision, which are written once, however often the event is dispatched. */
interface LinedSettlement extends Lined<Settlement> {
  decided: LineColumns[];
}

/** A person types no more within the time that one takes; after an outage those before them are waited for by these. */
const askedBeforeAtMost = 20;

const ownedLines = (batch: readonly Lined<{ seq: number }>[]): OwnedLine[] =>
  batch.flatMap(({ item, lines }) => lines.map((line) => ({ owner: String(item.seq), line })));

const bytesOf = ({ lines }: Lined<unknown>) => bytesOfLines(lines);

/** What the dispatcher asks and writes. In a storm many lanes wait at once, and then share a statement. */
export function decisionsOn({ db, me, held, scrub, makeLine }: Context): Decisions {
  async function situations(events: { subject: string; seq: number | null }[]): Promise<Situation[]> {
    const asked = JSON.stringify(events.map((event, place) => ({ ...event, place })));
    // Joined to what is asked, so that there is a row even where nothing is known. The triggers are found from one to the next by the
    // index: a subject may have a hundred thousand runs of one.
    const { rows } = await sql<
      StoredRun & {
        place: number;
        status: string | null;
        incident_seen_at: Date;
        urgent: boolean | null;
        gathered_by: string[] | null;
      }
    >`
      with recursive asked as materialized (
        select place, subject, seq from jsonb_to_recordset(${asked}::jsonb) as given (place integer, subject text, seq bigint)
      ), kinds (place, subject, trigger) as (
        select place, subject, (select min(trigger) from runs where runs.subject = asked.subject) from asked
        union all
        select place, subject, (select min(runs.trigger) from runs
            where runs.subject = kinds.subject and runs.trigger > kinds.trigger)
          from kinds where kinds.trigger is not null
      ), wanted (place, id) as (
        select place, newest.id from kinds cross join lateral (
          select id from runs where runs.subject = kinds.subject and runs.trigger = kinds.trigger
            order by created_at desc, id desc limit 1) as newest
        union
        select place, runs.id from asked join runs on runs.subject = asked.subject
          where runs.subject = any (array(select subject from asked)) and state in ('starting', 'running')
        union
        select place, runs.id from asked join runs on runs.event_seq = asked.seq and runs.subject = asked.subject
          where runs.event_seq = any (array(select seq from asked))
      )
      select asked.place, ${runColumnsOf('runs')}, incidents.status, incidents.seen_at as incident_seen_at, incidents.urgent,
        incidents.gathered_by
      from asked
      left join incidents on incidents.id = asked.subject and incidents.id = any (array(select subject from asked))
      left join wanted on wanted.place = asked.place
      left join runs on runs.id = wanted.id and runs.id = any (array(select id from wanted))
      order by asked.place, runs.created_at, runs.id`.execute(db);
    const byPlace = Map.groupBy(rows, ({ place }) => place);
    return events.map((_, place) => {
      const own = byPlace.get(place) ?? [];
      const [first] = own;
      // Without a run, its columns are null in the one row.
      const runs = own.filter(({ id }) => id !== null).map(runRow);
      if (!first || first.status === null) return { runs };
      const { status, incident_seen_at, urgent, gathered_by } = first;
      return {
        incident: {
          seenAt: incident_seen_at.toISOString(),
          status,
          ...(urgent === null ? {} : { urgent }),
        },
        ...(gathered_by ? { gatheredBy: gathered_by } : {}),
        runs,
      };
    });
  }

  async function decideAll(batch: Lined<Decision>[]): Promise<true[]> {
    const seqs = arrayOf(batch.map(({ item }) => item.seq));
    const runs = batch.flatMap(({ item }) => item.runs.map(runColumns));
    await sql`
      with first as (
        update inbox set decided = true
        where seq = any (${seqs}::bigint[]) and not decided returning seq
      ), mirrored as (
        ${mirror(batch.map(({ item }) => item))}
      )${keepTakeovers(batch.map(({ item }) => item))}, started as (
        insert into runs (id, trigger, workflow, subject, target, event_seq, state, input, cause, asked_by)
        select id, trigger, workflow, subject, target, "eventSeq", 'starting', input, cause, "askedBy"
        from jsonb_to_recordset(${JSON.stringify(runs)}::jsonb)
          as run (id text, trigger text, workflow text, subject text, target text, "eventSeq" bigint, input text, cause text,
            "askedBy" text)
        on conflict do nothing
      )
      ${appendOwnedLines(ownedLines(batch), sql`select seq::text from first`)}`.execute(db);
    return batch.map(() => true);
  }

  async function settleAll(batch: LinedSettlement[]): Promise<boolean[]> {
    const given = batch.map(({ item: { seq, disposition, reason } }) => ({
      seq,
      disposition,
      reason: cleanText(scrub(reason)),
    }));
    const started = batch.flatMap(({ item }) => item.started.map((id) => ({ id, seq: item.seq })));
    const decisions = batch.flatMap(({ item: { seq, decision } }) =>
      decision ? [{ seq, ...decision }] : [],
    );
    const { rows } = await sql<{ seq: number }>`
      with settled as (
        update inbox set disposition = given.disposition, reason = given.reason, leased_by = null
        from jsonb_to_recordset(${JSON.stringify(given)}::jsonb) as given (seq bigint, disposition text, reason text)
        where inbox.seq = any (${arrayOf(given.map(({ seq }) => seq))}::bigint[]) and inbox.seq = given.seq
          and inbox.leased_by = ${me}::text and inbox.disposition is null
        returning inbox.seq, inbox.decided
      ), mirrored as (
        ${mirror(decisions, sql`seq in (select seq from settled)`)}
      )${keepTakeovers(decisions, sql`seq in (select seq from settled)`)}, running as (
        update runs set state = 'running', seen_at = now()
        where ended_at is null and id = any (array(
          select id from jsonb_to_recordset(${JSON.stringify(started)}::jsonb) as started (id text, seq bigint)
          where seq in (select seq from settled)))
      ), noted as (
        ${appendOwnedLines(
          batch.flatMap(({ item, lines, decided }) => [
            ...decided.map((line) => ({ owner: `${item.seq} decided`, line })),
            ...lines.map((line) => ({ owner: String(item.seq), line })),
          ]),
          sql`select seq::text from settled union all select seq || ' decided' from settled where not decided`,
        )}
      )
      select seq from settled`.execute(db);
    const settled = new Set(rows.map(({ seq }) => seq));
    return batch.map(({ item }) => settled.has(item.seq));
  }

  const ask = groupCommit(situations, () => 100);
  const decide = groupCommit(decideAll, bytesOf);
  const settle = groupCommit(settleAll, bytesOf);

  return {
    situation: (subject, seq) => ask({ subject: keyText(subject), seq: seq ?? null }),
    async askedBefore({ personId, seq, subject }) {
      const { rows } = await sql<AskedRun>`
        select id, workflow from (
          select id, workflow, event_seq from runs
          where asked_by = ${keyText(personId)} and event_seq < ${seq} and state in ('starting', 'running')
            and (subject is null or ${subject === undefined ? null : keyText(subject)}::text is null
              or subject = ${subject === undefined ? null : keyText(subject)}::text)
          order by event_seq desc limit ${askedBeforeAtMost}
        ) as newest order by event_seq`.execute(db);
      return rows;
    },
    async decide(decision) {
      await decide({ item: decision, lines: decision.entries.map(makeLine) });
    },
    async settle(settlement) {
      const decided = (settlement.decision?.entries ?? []).map(makeLine);
      const settled = await settle({ item: settlement, lines: settlement.entries.map(makeLine), decided });
      held.delete(settlement.seq);
      return settled;
    },
  };
}

/** What of an incident is stored. Before its service's id stands what stands before its own: its account, where that is not `default`. */
function mirrored(seq: number, { id, status, seenAt, told, urgent, gatheredBy }: MirroredIncident) {
  const account = told && id.slice(0, id.length - told.id.length);
  const service = told?.service && `${account}${told.service.id}`;
  return { seq, id: keyText(id), status, seenAt, service, data: told, urgent, gatheredBy };
}

/**
 * The statement that takes over the incidents' states, for use within another one. A newer state is never replaced; that an incident has
 * joined a run is kept in any case.
 */
function mirror(
  decisions: readonly Pick<Decision, 'seq' | 'incident'>[],
  condition: RawBuilder<unknown> = sql`true`,
): RawBuilder<unknown> {
  const mirrors = decisions.flatMap(({ seq, incident }) => (incident ? [mirrored(seq, incident)] : []));
  return sql`insert into incidents (id, status, seen_at, service, data, urgent, gathered_by)
    select distinct on (id) id, status, "seenAt", service, data, urgent,
      (select array_agg(run) from jsonb_array_elements_text("gatheredBy") as gatherer (run))
    from jsonb_to_recordset(${canonicalJson(mirrors)}::jsonb)
      as mirror (id text, status text, "seenAt" timestamptz, seq bigint, service text, data jsonb, urgent boolean,
        "gatheredBy" jsonb)
    where ${condition}
    order by id, "seenAt" desc
    on conflict (id) do update
      set status = case when incidents.seen_at <= excluded.seen_at then excluded.status else incidents.status end,
        seen_at = greatest(incidents.seen_at, excluded.seen_at), service = coalesce(excluded.service, incidents.service),
        data = coalesce(excluded.data, incidents.data), urgent = coalesce(excluded.urgent, incidents.urgent),
        gathered_by = coalesce(excluded.gathered_by, incidents.gathered_by)
      where incidents.seen_at <= excluded.seen_at or excluded.gathered_by is not null`;
}

/** Only what a decision says: state and times are the store's. */
function runColumns(run: Decision['runs'][number]) {
  const { id, trigger, workflow, subject, target, eventSeq, input, cause, askedBy } = run;
  return {
    id,
    trigger,
    workflow,
    target,
    eventSeq,
    subject: subject === undefined ? null : keyText(subject),
    input: exactJson(input),
    cause: exactJson(cause),
    askedBy: askedBy === undefined ? null : keyText(askedBy),
  };
}
