import { type Selectable, sql } from 'kysely';
import type { Disposition } from '../../domain/disposition.ts';
import type { Context } from '../context.ts';
import { keyText } from '../json.ts';
import { appendLines } from '../record/record.ts';
import type { InboxTable } from './inbox.ts';

export interface EventRow {
  seq: number;
  source: string;
  eventId: string;
  type: string;
  subject?: string;
  time: string;
  receivedAt: string;
  /** Undefined while pending. */
  disposition?: Disposition;
  reason?: string;
  body: Uint8Array;
  event?: unknown;
  /** Bytes and envelope are gone, after the time for which they are kept. */
  pruned?: true;
}

export type ListedEvent = Omit<EventRow, 'body'>;

/** The events that came in, to look at and to replay. */
export interface Events {
  /** Two accounts may use one id: with `subject`, the one that is about it. */
  findEvent(seqOrId: string, subject?: string): Promise<EventRow | undefined>;
  /** Newest first, without their bytes. `before` is a seq. */
  listEvents(filter: {
    subject?: string;
    disposition?: Disposition;
    before?: number;
    limit: number;
  }): Promise<ListedEvent[]>;
  /** Makes a settled event pending again, for the same way once more. The record names `actor`. False: no such event. */
  replay(seq: number, actor: string, via: string): Promise<boolean>;
}

export const eventColumns = [
  'seq',
  'source',
  'event_id',
  'type',
  'subject',
  'time',
  'received_at',
  'disposition',
  'reason',
  'event',
  'pruned',
] as const;

export function eventsOn({ db, makeLine, onPending }: Context): Events {
  const listed = db.selectFrom('inbox').select(eventColumns);
  const events = listed.select('body');

  async function findBySeq(seq: number): Promise<EventRow | undefined> {
    const row = await events.where('seq', '=', seq).executeTakeFirst();
    return row && { ...eventRow(row), body: row.body };
  }

  return {
    async findEvent(seqOrId, subject) {
      const found = /^\d{1,15}$/.test(seqOrId) ? await findBySeq(Number(seqOrId)) : undefined;
      if (found) return found;
      let byId = events.where('event_id', '=', keyText(seqOrId)).where('duplicate_of', 'is', null);
      if (subject !== undefined) byId = byId.where('subject', '=', keyText(subject));
      const row = await byId.orderBy('seq').executeTakeFirst();
      return row && { ...eventRow(row), body: row.body };
    },

    async listEvents({ subject, disposition, before, limit }) {
      let query = listed.orderBy('seq', 'desc').limit(limit);
      if (subject !== undefined) query = query.where('subject', '=', keyText(subject));
      if (disposition !== undefined) query = query.where('disposition', '=', disposition);
      if (before !== undefined) query = query.where('seq', '<', before);
      return (await query.execute()).map(eventRow);
    },

    async replay(seq, actor, via) {
      const event = await findBySeq(seq);
      // What could not be read has no envelope to dispatch: the same bytes would be unreadable again.
      if (!event?.disposition || event.event === undefined) return false;
      const line = makeLine({
        at: new Date().toISOString(),
        actor,
        via,
        action: 'event.replayed',
        subject: event.subject ?? event.eventId,
        detail: { seq, eventId: event.eventId, disposition: event.disposition, reason: event.reason },
      });
      const { rows } = await sql<{ again: boolean }>`
        with again as (
          update inbox set disposition = null, reason = null, decided = false, leased_by = null
          where seq = ${seq} and disposition is not null returning seq
        ), noted as (${appendLines([line], sql`exists (select from again)`)})
        select exists (select from again) as again`.execute(db);
      if (!rows[0]?.again) return false;
      onPending();
      return true;
    },
  };
}

export type StoredListedEvent = Pick<Selectable<InboxTable>, (typeof eventColumns)[number]>;

export function eventRow(row: StoredListedEvent): ListedEvent {
  return {
    seq: row.seq,
    source: row.source,
    eventId: row.event_id,
    type: row.type,
    time: row.time,
    receivedAt: row.received_at.toISOString(),
    ...(row.subject !== null && { subject: row.subject }),
    ...(row.disposition !== null && { disposition: row.disposition }),
    ...(row.reason !== null && { reason: row.reason }),
    ...(row.event !== null && { event: row.event }),
    ...(row.pruned && { pruned: true as const }),
  };
}
