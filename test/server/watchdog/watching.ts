import { onTestFinished } from 'vitest';
import { notConnected } from '../../../activities/failures.ts';
import { createLog } from '../../../log/log.ts';
import type { Condition } from '../../../server/watchdog/condition.ts';
import type { Alert, Pager } from '../../../server/watchdog/pager.ts';
import { startWatchdog } from '../../../server/watchdog/watchdog.ts';
import type { Store } from '../../../store/store.ts';
import { quickLimits } from '../../quick-limits.ts';

/** A PagerDuty that keeps what is open. */
export interface FakePager extends Pager {
  open: Set<string>;
  /** In the order in which it was taken: `+key`, `-key`. */
  taken: string[];
  alerts: Alert[];
  /** Takes events and does nothing. */
  drops: boolean;
  /** Takes no events. */
  away: boolean;
  /** Has no key to send them by. */
  unconnected: boolean;
  /** Connections that there are not. */
  unknown: string[];
}

export function fakePager(): FakePager {
  const take = (mark: string, connection: string) => {
    if (pager.away) throw new Error('PagerDuty is away');
    if (pager.unconnected) throw notConnected('PagerDuty', 'PAGERDUTY_ROUTING_KEY');
    if (pager.unknown.includes(connection)) throw notConnected('PagerDuty', connection);
    pager.taken.push(connection === 'default' ? mark : `${connection}: ${mark}`);
  };
  const pager: FakePager = {
    open: new Set(),
    taken: [],
    alerts: [],
    drops: false,
    away: false,
    unconnected: false,
    unknown: [],
    async raise(alert) {
      take(`+${alert.dedupKey}`, alert.connection);
      pager.alerts.push(alert);
      if (!pager.drops) pager.open.add(alert.dedupKey);
    },
    async resolve({ dedupKey: key, connection }) {
      take(`-${key}`, connection);
      if (!pager.drops) pager.open.delete(key);
    },
    async look({ dedupKey, status }) {
      const confirmed = pager.open.has(dedupKey) === (status === 'triggered');
      return { confirmed, readable: true, reason: confirmed ? 'seen' : 'it did not show up' };
    },
  };
  return pager;
}

/** A clock that a test moves. */
export function fakeClock(start = '2026-11-26T10:00:00.000Z') {
  let time = Date.parse(start);
  return {
    now: () => time,
    pass: (seconds: number) => {
      time += seconds * 1_000;
    },
  };
}

/** A watchdog whose rounds come quickly, and whose limits are by the clock that it is given. */
export function watchdogOn(
  store: Store,
  conditions: readonly Condition[],
  pager: Pager,
  clock: { now(): number },
) {
  const lines: { level: number; msg: string }[] = [];
  const log = createLog((text) => text, { destination: { write: (line) => lines.push(JSON.parse(line)) } });
  const limits = { ...quickLimits(1), round: 0.01 };
  const watchdog = startWatchdog({ store, conditions, pager, log, limits, now: clock.now });
  onTestFinished(() => watchdog.stop());
  return { watchdog, lines, limits };
}
