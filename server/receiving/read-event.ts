import type { Logger } from 'pino';
import type { z } from 'zod';
import type { Delivery } from '../../domain/delivery.ts';
import type { Event } from '../../domain/event.ts';

/** An event that was read, or what is known of one that could not be. */
export type ReadEvent =
  | { event: Event }
  | { unreadable: string; id?: string; type: string; subject?: string; time?: string };

/** Where what was read came from. */
export interface CameFrom {
  /** The actor in the record, and the first part of the event's source. */
  provider: string;
  connection: string;
  receivedAt: string;
  /** Of the bytes of the delivery: the id of an event that has none of its own. */
  digest: string;
  /** The bytes that are kept of it. */
  body: Uint8Array;
}

/** What was read, as the inbox takes it. What could not be read is kept, too. */
export function deliveryOf(
  read: ReadEvent,
  { provider, connection, receivedAt, digest, body }: CameFrom,
): Delivery {
  const { type, subject, time = receivedAt, id = digest } = 'event' in read ? read.event : read;
  return {
    source: `/${provider}/${connection}`,
    eventId: id,
    type,
    ...(subject === undefined ? {} : { subject }),
    time,
    body,
    ...('event' in read ? { event: read.event } : { unreadable: read.unreadable }),
    actor: provider,
    via: 'webhook',
  };
}

/** Says that something came which could not be read: a sender has changed what it sends, or is not what it was taken for. */
export function warnOfDrift({ eventId, subject, type, unreadable }: Delivery, log: Logger): void {
  if (unreadable !== undefined)
    log.warn({ event: eventId, incident: subject, type, reason: unreadable }, 'Schema drift: event parked');
}

/** What is wrong with data of another shape, in a line. */
export const shortly = (error: z.ZodError) =>
  error.issues
    .slice(0, 3)
    .map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`)
    .join('; ');
