import { subscriptionList } from '../subscription.ts';

/** Whom Baton tells of what it does: see docs/subscriptions.md. Nobody, as it ships. */
export const subscriptions = subscriptionList([]);
