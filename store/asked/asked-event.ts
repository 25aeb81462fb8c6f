import type { Delivery } from '../../domain/delivery.ts';
import type { Entry } from '../../domain/record.ts';
import { defaultConnection, incidentOfSubject } from '../../domain/subject.ts';
import { type InboxRow, inboxRow, receivedEntry } from '../events/inbox.ts';

/** How something that was asked ended without an answer. */
export interface Closed {
  state: 'expired' | 'superseded' | 'withdrawn';
  because: string;
  via: string;
  at: string;
}

/** An event of the engine, as the inbox takes it, with the line about that. */
export interface Told {
  row: InboxRow;
  received: Entry;
}

/** What the engine tells of something that a run asks. */
interface News {
  asked: { id: string; runId: string; subject?: string };
  type: string;
  /** Which one, where there may be several of the type. */
  reminder?: number;
  data: object;
  time: string;
  via: string;
}

/** The engine's event. Its subject is the incident, so that it comes after the incident's earlier events. */
export function deliveryOf({ asked, type, reminder, data, time, via }: News): Delivery {
  const { id, runId, subject = runId } = asked;
  const incident = asked.subject === undefined ? undefined : incidentOfSubject(asked.subject);
  const { connection = defaultConnection } = incident ?? {};
  const envelope = {
    id: reminder === undefined ? `${type}/${id}` : `${type}/${id}/${reminder}`,
    source: '/baton',
    type,
    ...(connection === defaultConnection ? {} : { connection }),
    subject,
    time,
  };
  return {
    source: envelope.source,
    eventId: envelope.id,
    type,
    subject,
    time,
    event: { ...envelope, data: { ...data, ...(incident ? { incidentId: incident.incidentId } : {}) } },
    body: new Uint8Array(),
    actor: 'baton',
    via,
  };
}

/** The same, for the statement that changes what is told of. */
export function toldBy(news: News): Told {
  const delivery = deliveryOf(news);
  return { row: inboxRow(delivery), received: receivedEntry(delivery) };
}
