import type { Heartbeat } from './heartbeat.ts';
import type { JournalPolicy } from './journal.ts';
import type { PagePolicy } from './page.ts';
import type { Subscription } from './subscription.ts';
import type { Urgency } from './urgency.ts';

/** What follows from runs and incidents without that any trigger or workflow says so, as reviewed files have it. */
export interface Policies {
  /** How failed runs are paged for. */
  pages: readonly PagePolicy[];
  /** Which changes PagerDuty is told of. */
  journal: readonly JournalPolicy[];
  /** Which sources are expected to be heard of. Left out: none. */
  heartbeats?: readonly Heartbeat[] | undefined;
  /** Who is told of what Baton does, by HTTP. Left out: nobody. */
  subscriptions?: readonly Subscription[];
  /** Which incidents go before all others. Left out: none. */
  urgent?: Urgency | undefined;
}
