import { StoreUnavailable } from '../domain/store-unavailable.ts';

/** Told once when the store goes away, and once when it is back: not for each of those who asked meanwhile. */
export interface OutageListener {
  began(reason: string): void;
  ended(outage: { seconds: number; failed: number; reason: string }): void;
}

export interface OutageWatch {
  /** Takes note of a failed statement, and gives its error back. */
  failed(error: unknown): unknown;
  worked(sql: string): void;
}

/** With too few connections some statements fail and some do not: that is one outage, not one for each. */
const quietMilliseconds = 1_000;

/** True for a statement that stores something. One that only removes makes room. */
export const isStoring = (sql: string) => /\b(insert|update)\b/i.test(sql);

/**
 * Finds the beginning and the end of outages in the statements that are made anyway. A statement that lost against another one says
 * nothing about the store. Where only reading is possible, only a statement that stores something can show the end.
 */
export function watchOutages(listener: OutageListener | undefined): OutageWatch {
  let outage: { since: number; last: number; failed: number; reason: string; reads: boolean } | undefined;
  return {
    failed(error) {
      if (!listener || !(error instanceof StoreUnavailable) || error.kind === 'busy') return error;
      error.told = true;
      const now = performance.now();
      if (outage) {
        outage.last = now;
        outage.failed += 1;
      } else {
        const reads = error.kind === 'full' || error.kind === 'read-only';
        outage = { since: now, last: now, failed: 1, reason: error.message, reads };
        listener.began(error.message);
      }
      return error;
    },
    worked(sql) {
      if (!listener || !outage || sql === '' || (outage.reads && !isStoring(sql))) return;
      const now = performance.now();
      if (now - outage.last < quietMilliseconds) return;
      const { since, failed, reason } = outage;
      outage = undefined;
      listener.ended({ seconds: Math.round((now - since) / 100) / 10, failed, reason });
    },
  };
}
