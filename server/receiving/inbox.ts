import type { Delivery } from '../../domain/delivery.ts';
import type { Event } from '../../domain/event.ts';
import type { Receipt, StoredEvent } from '../../store/events/inbox.ts';
import type { Store } from '../../store/store.ts';
import type { UrgencyOf } from '../dispatch/urgency.ts';
import { Refusal } from '../refusal.ts';
import { withDrill } from '../rounds/drills.ts';

/** Deliveries that may wait for the store at a time; more are told to come back. */
const waitingAtMost = 2_500;

export interface Inbox {
  /** Resolves after the commit. Rejects with `StoreUnavailable`, or with a refusal when too many wait. */
  store(delivery: Delivery): Promise<Receipt>;
}

/**
 * Stores what comes in, and hands on the events that this process may dispatch now. While `mayEnqueue` says no they are stored, and left to
 * whoever dispatches. `urgencyOf` marks those of urgent incidents.
 */
export function createInbox(
  store: Pick<Store, 'receive' | 'isRaisedByDrill'>,
  onStored: (stored: StoredEvent) => void,
  mayEnqueue: () => boolean = () => true,
  urgencyOf: UrgencyOf = () => undefined,
): Inbox {
  let waiting = 0;
  return {
    async store(delivery) {
      if (waiting >= waitingAtMost)
        throw new Refusal(503, 'Too busy', 'Too many deliveries wait to be stored. Send it again.', 1);
      waiting += 1;
      const receivedAt = new Date().toISOString();
      try {
        const event =
          delivery.event === undefined ? undefined : await withDrill(delivery.event as Event, store);
        const known = {
          ...delivery,
          ...(event ? { event } : {}),
          ...(event && urgencyOf(event) ? { urgent: true as const } : {}),
          ...(mayEnqueue() ? {} : { leave: true as const }),
        };
        const receipt = await store.receive(known);
        if (receipt.leased) onStored({ seq: receipt.seq, receivedAt, event, attempts: 0 });
        return receipt;
      } finally {
        waiting -= 1;
      }
    },
  };
}
