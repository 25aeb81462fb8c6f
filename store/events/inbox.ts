import { createHash } from 'node:crypto';
import type { Generated, GeneratedAlways } from 'kysely';
import { type RawBuilder, sql } from 'kysely';
import type { Delivery } from '../../domain/delivery.ts';
import type { Disposition } from '../../domain/disposition.ts';
import type { Entry } from '../../domain/record.ts';
import { StoreUnavailable } from '../../domain/store-unavailable.ts';
import { stormOf } from '../../domain/storm.ts';
import type { Json } from '../columns.ts';
import type { Context } from '../context.ts';
import { groupCommit } from '../group-commit.ts';
import { arrayOf, canonicalJson, cleanText, keyText } from '../json.ts';

export interface Receipt {
  seq: number;
  duplicate: boolean;
  /** This process holds it and may dispatch it now. False for duplicates, parked ones, and where another holds the lane. */
  leased: boolean;
}

export interface StoredEvent {
  seq: number;
  receivedAt: string;
  /** The envelope that was stored. */
  event: unknown;
  /** How often it has been taken up before. */
  attempts: number;
}

export interface InboxTable {
  seq: GeneratedAlways<number>;
  source: string;
  event_id: string;
  type: string;
  subject: string | null;
  /** Events of one lane are dispatched in order: `laneOf`. */
  lane: string;
  time: string;
  received_at: Generated<Date>;
  delivery_id: string | null;
  body: Uint8Array;
  event: Json<unknown>;
  /** Null while pending. */
  disposition: Disposition | null;
  reason: string | null;
  attempts: Generated<number>;
  /** The process that holds it, as long as its row in `processes` says. */
  leased_by: string | null;
  duplicate_of: number | null;
  /** Its lines about the decision are in the record, so a second attempt writes none. */
  decided: Generated<boolean>;
  /** Its bytes and envelope were taken away after the time for which they are kept. */
  pruned: Generated<boolean>;
  /** Of a new incident: what it has in common with those of its storm (`stormOf`). */
  storm: string | null;
  /** Its incident is urgent: it is claimed before others. Null, and in no index, for any other. */
  urgent: boolean | null;
}

/** What comes in, kept before it is answered. */
export interface Inbox {
  /** Stores a delivery and its line in the record. Resolves after the commit. Rejects with `StoreUnavailable` within 2 s. */
  receive(delivery: Delivery): Promise<Receipt>;
}

/** Whoever delivers is promised an answer within 2 s. */
const answerWithinMs = 1900;
/** How long a process holds its events unless it says again that it lives. */
export const leaseSeconds = 8;
/** What a process holds at a time: its events are in its memory. What is beyond waits in the store. */
export const heldAtMost = 1_000;
/** So many more of urgent incidents. */
export const heldUrgentAtMost = 200;

/** A delivery as the statements below take it: as JSON, the body apart. */
export interface InboxRow {
  source: string;
  event_id: string;
  type: string;
  subject: string | null;
  lane: string;
  time: string;
  delivery_id: string | null;
  /** As text: it is canonical and clean already, and need not be written a second time. */
  event: string | null;
  disposition: 'parked' | null;
  reason: string | null;
  storm: string | null;
  urgent: true | null;
}

export function inboxRow(delivery: Omit<Delivery, 'body'>): InboxRow {
  const eventId = keyText(delivery.eventId);
  const subject = delivery.subject === undefined ? null : keyText(delivery.subject);
  const unreadable = delivery.unreadable;
  const storm = stormOf(delivery.event);
  return {
    source: keyText(delivery.source),
    event_id: eventId,
    type: keyText(delivery.type),
    subject,
    lane: delivery.lane === undefined ? (subject ?? eventId) : keyText(delivery.lane),
    time: cleanText(delivery.time),
    delivery_id: delivery.deliveryId === undefined ? null : keyText(delivery.deliveryId),
    event: delivery.event === undefined ? null : canonicalJson(delivery.event),
    disposition: unreadable === undefined ? null : 'parked',
    reason: unreadable === undefined ? null : `unreadable: ${cleanText(unreadable)}`,
    storm: storm === undefined ? null : keyText(storm),
    urgent: delivery.urgent ?? null,
  };
}

/** The line about a delivery. */
export function receivedEntry(delivery: Delivery, duplicateOf?: number): Entry {
  return {
    at: new Date().toISOString(),
    actor: delivery.actor,
    via: delivery.via,
    action: 'event.received',
    subject: delivery.subject ?? delivery.eventId,
    detail: {
      eventId: delivery.eventId,
      type: delivery.type,
      deliveryId: delivery.deliveryId,
      bytes: delivery.body.length,
      sha256: createHash('sha256').update(delivery.body).digest('hex'),
      duplicateOf,
    },
  };
}

/** The columns of `InboxRow`, for `jsonb_to_recordset`. */
export const inboxTypes = sql.raw(
  `source text, event_id text, type text, subject text, lane text, "time" text, delivery_id text, event text,
  disposition text, reason text, storm text, urgent boolean`,
);
export const inboxColumns = sql.raw(
  'source, event_id, type, subject, lane, time, delivery_id, event, disposition, reason, storm, urgent',
);
export const inboxValues = sql.raw(
  'source, event_id, type, subject, lane, "time", delivery_id, event::jsonb, disposition, reason, storm, urgent',
);

const placeTypes = sql.raw('place integer, start integer, length integer, duplicate_of bigint, take boolean');
const lineTypes = sql.raw('at text, actor text, via text, action text, about text, detail text');

/** The rows of one batch: their bodies travel as one value, and each row says where its own begins (from 1) and how long it is. */
function batchOf(
  deliveries: Delivery[],
  makeLine: Context['makeLine'],
  { room = 0, firsts }: { room?: number; firsts?: First[] },
) {
  let start = 1;
  const rows = deliveries.map((delivery, place) => {
    const first = firsts?.[place];
    const { subject: about, ...line } = makeLine(receivedEntry(delivery, first?.seq));
    const row = {
      ...inboxRow(delivery),
      ...line,
      about,
      place,
      start,
      length: delivery.body.length,
      take: delivery.leave !== true && place < room + (delivery.urgent ? heldUrgentAtMost : 0),
    };
    start += delivery.body.length;
    if (!first) return row;
    const reason = `the same event as number ${first.seq}`;
    return { ...row, disposition: 'duplicate', reason, duplicate_of: first.seq };
  });
  return { json: JSON.stringify(rows), bodies: Buffer.concat(deliveries.map(({ body }) => body)) };
}

/**
 * Says that a process lives, for use within another statement. Its row is written again only when that is of use: also where it lies
 * too far ahead, because the clock was set back.
 */
export function sayAlive(process: string, condition: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`insert into processes (name, until)
    select ${process}::text, statement_timestamp() + make_interval(secs => ${leaseSeconds}) where ${condition}
      and not exists (select from processes where name = ${process}
        and until > statement_timestamp() + make_interval(secs => ${leaseSeconds - 1})
        and until <= statement_timestamp() + make_interval(secs => ${2 * leaseSeconds}))
    on conflict (name) do update set until = excluded.until`;
}

/** What a duplicate is a duplicate of. */
interface First {
  seq: number;
}

export function inboxOn({ db, me, held, makeLine, onPending }: Context): Inbox {
  /**
   * Stores what was not there before, each with its line, in one statement. A new event is leased to this process, unless an earlier
   * one of its lane waits that this process does not hold: the order of the lane would be lost. Two processes that store events of
   * one lane at the same moment do so one after the other.
   */
  async function insertNew(deliveries: Delivery[]): Promise<Map<number, Receipt>> {
    const { json, bodies } = batchOf(deliveries, makeLine, { room: heldAtMost - held.size });
    const { rows } = await sql<{ place: number; seq: number; leased: boolean; pending: boolean }>`
      with deliveries as materialized (
        select *, bool_and(take or disposition is not null) over (partition by lane order by place) as wanted
        from jsonb_to_recordset(${json}::jsonb) as given (${inboxTypes}, ${placeTypes}, ${lineTypes})
      ), lanes as materialized (
        -- In one order everywhere, so that two statements do not wait for each other.
        select lane, lane_is_free(lane, ${me}::text, ${arrayOf(held)}::bigint[]) as free from (
          select distinct lane, hashtext(lane) & 1023 as lock from deliveries where wanted order by lock
        ) as asked
      ), storms as materialized (
        -- After all lanes. Until this is committed, nobody stores another one: a number is only given once all before it can be seen.
        select pg_advisory_xact_lock(7229004, lock) from (
          select distinct hashtext(storm) & 1023 as lock from deliveries
          where storm is not null and (select count(*) from lanes) >= 0 order by lock
        ) as asked
      ), living as (
        ${sayAlive(me, sql`exists (select from lanes where free)`)}
      ), given as materialized (
        select deliveries.*, case when wanted and free and disposition is null then ${me}::text end as holder
        from deliveries left join lanes using (lane)
      ), stored as (
        insert into inbox (${inboxColumns}, body, attempts, leased_by)
        select ${inboxValues}, substring(${bodies}::bytea from start for length),
          case when holder is null then 0 else 1 end, holder
        from given
        where (select count(*) from storms) >= 0
        order by place
        on conflict do nothing
        returning seq, source, event_id, delivery_id, leased_by is not null as leased, disposition is null as pending
      ), matched as materialized (
        select distinct on (seq) given.*, stored.seq, stored.leased, stored.pending
        from stored join given on given.source = stored.source and given.event_id = stored.event_id
          and given.delivery_id is not distinct from stored.delivery_id
        order by seq, place
      ), noted as (
        insert into record_queue (at, actor, via, action, subject, detail)
        select at, actor, via, action, about, detail from matched order by place
      )
      select place, seq, leased, pending from matched`.execute(db);
    if (rows.some(({ leased, pending }) => pending && !leased)) onPending();
    return new Map(rows.map(({ place, seq, leased }) => [place, { seq, leased, duplicate: false }]));
  }

  /** The first ones of what is there already. The event alone tells: the delivery's id is not signed, and anybody may have written it. */
  async function findFirsts(deliveries: Delivery[]): Promise<(First | undefined)[]> {
    const keys = deliveries.map((delivery, place) => {
      const { source, event_id } = inboxRow({ ...delivery, event: undefined });
      return { place, source, event_id };
    });
    const { rows } = await sql<First & { place: number }>`
      select place, seq from jsonb_to_recordset(${JSON.stringify(keys)}::jsonb)
        as key (place integer, source text, event_id text)
      cross join lateral (
        select seq from inbox where inbox.source = key.source and inbox.event_id = key.event_id and duplicate_of is null offset 0
      ) as first`.execute(db);
    const firsts = new Map(rows.map(({ place, seq }) => [place, { seq }]));
    return deliveries.map((_, place) => firsts.get(place));
  }

  async function insertDuplicates(deliveries: Delivery[], firsts: First[]): Promise<Receipt[]> {
    const { json, bodies } = batchOf(deliveries, makeLine, { firsts });
    const { rows } = await sql<{ seq: number }>`
      with given as materialized (
        select * from jsonb_to_recordset(${json}::jsonb) as given (${inboxTypes}, ${placeTypes}, ${lineTypes})
      ), noted as (
        insert into record_queue (at, actor, via, action, subject, detail)
        select at, actor, via, action, about, detail from given order by place
      )
      insert into inbox (${inboxColumns}, body, duplicate_of)
      select ${inboxValues}, substring(${bodies}::bytea from start for length), duplicate_of from given order by place
      returning seq`.execute(db);
    return rows.map(({ seq }) => ({ seq, duplicate: true, leased: false }));
  }

  async function receiveAll(deliveries: Delivery[]): Promise<Receipt[]> {
    const receipts = await insertNew(deliveries);
    const rest = deliveries
      .map((delivery, place) => ({ delivery, place }))
      .filter(({ place }) => !receipts.has(place));
    if (rest.length > 0) {
      // A statement of its own, which sees what others committed while the one above waited for them.
      const firsts = await findFirsts(rest.map(({ delivery }) => delivery));
      const known = rest.flatMap(({ delivery, place }, index) => {
        const first = firsts[index];
        return first ? [{ delivery, place, first }] : [];
      });
      const duplicates = await insertDuplicates(
        known.map(({ delivery }) => delivery),
        known.map(({ first }) => first),
      );
      known.forEach(({ place }, index) => {
        const receipt = duplicates[index];
        if (receipt) receipts.set(place, receipt);
      });
    }
    return deliveries.map((_, place) => {
      const receipt = receipts.get(place);
      if (!receipt)
        throw new StoreUnavailable('The store is not available: a delivery was neither new nor known');
      return receipt;
    });
  }

  const commit = groupCommit(receiveAll, ({ body }: Delivery) => body.length, answerWithinMs);

  return {
    async receive(delivery) {
      const receipt = await commit(delivery);
      // Only now: a caller that was told "not in time" does not know of its event, which is then nobody's.
      if (receipt.leased) held.add(receipt.seq);
      return receipt;
    },
  };
}
