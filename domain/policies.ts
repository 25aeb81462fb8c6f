import type { JournalPolicy } from './journal.ts';
import type { PagePolicy } from './page.ts';

/** What follows from runs without that any trigger or workflow says so, as reviewed files have it. */
export interface Policies {
  /** How failed runs are paged for. */
  pages: readonly PagePolicy[];
  /** Which changes PagerDuty is told of. */
  journal: readonly JournalPolicy[];
}
