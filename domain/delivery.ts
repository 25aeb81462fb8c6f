/** One delivery, as it came in. */
export interface Delivery {
  source: string;
  /** The event's own id, or `sha256:<hex of the bytes>` where it has none. */
  eventId: string;
  type: string;
  subject?: string;
  /** `laneOf` its event. Left out: the subject, else the event's id. */
  lane?: string;
  /** When it happened. */
  time: string;
  /** The sender's id of this delivery (`X-Webhook-Id`), for whoever looks for it there. It is not signed and decides nothing. */
  deliveryId?: string;
  body: Uint8Array;
  /** The envelope; undefined where the body could not be read. */
  event?: unknown;
  /** Why it could not be read: it is then parked at once, with this reason. */
  unreadable?: string;
  /** Its incident is urgent: it is dispatched before others. */
  urgent?: true;
  /** This process stores it, and leaves it to whoever dispatches. */
  leave?: true;
  /** Who sent it and by which way, for the record: `pagerduty`, `webhook`. */
  actor: string;
  via: string;
}
