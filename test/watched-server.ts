import { activities } from '../activities/index.ts';
import { providers } from '../activities/providers.ts';
import type { Policies } from '../domain/policies.ts';
import { sendBy, toldBy } from '../processes/deliveries.ts';
import { directJournal, directPager, directSubscriptions } from '../processes/direct.ts';
import { anyFreePort } from '../processes/ports.ts';
import type { Limits } from '../server/watchdog/limits.ts';
import type { Store } from '../store/store.ts';
import { batonFor } from '../worker/baton.ts';
import type { clientsFor } from './clients.ts';

/** What a server needs to page by itself and to look after PagerDuty's webhook subscription, within these limits. */
export async function watchedBy(limits: Limits, clients: ReturnType<typeof clientsFor>, store: Store) {
  const port = await anyFreePort('127.0.0.1');
  const own = { ...clients, baton: batonFor({ store }) };
  return {
    port,
    publicUrl: `http://127.0.0.1:${port}`,
    limits,
    pager: directPager(async () => activities, own),
    subscriptions: directSubscriptions(async () => activities, own),
  };
}

/** How a server tells PagerDuty of changes. */
export const tellBy = (clients: ReturnType<typeof clientsFor>, store: Store) =>
  directJournal(async () => activities, { ...clients, baton: batonFor({ store }) }, store);

/** Who is told of what Baton does, and how. */
export const toldIn = ({ subscriptions }: Policies, clients: ReturnType<typeof clientsFor>) =>
  toldBy(subscriptions, sendBy(providers, clients));
