import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { StoreUnavailable } from '../../domain/store-unavailable.ts';
import type { Pruned } from '../../store/retention.ts';
import type { Store } from '../../store/store.ts';
import { nowAndThen } from './now-and-then.ts';

interface Options {
  store: Pick<Store, 'prune'>;
  days: number;
  secretKey?: string | undefined;
  log: Logger;
}

const times = { firstAfterMilliseconds: 15_000, everyMilliseconds: 3_600_000 };
/** Between two steps, so that those who serve have the store for themselves most of the time. */
const breathMilliseconds = 100;

/**
 * Takes away what is older than it has to be kept, every hour, a little at a time. Several processes may run one: the store lets one
 * work at a time.
 */
export function startRetention({ store, days, secretKey, log }: Options): { stop(): Promise<void> } {
  return nowAndThen(times, async (signal) => {
    const sum = {
      events: 0,
      incidents: 0,
      effects: 0,
      runs: 0,
      transcripts: 0,
      texts: 0,
      deliveries: 0,
      lines: 0,
    };
    try {
      while (!signal.aborted) {
        const step = await store.prune({ days, secretKey });
        add(sum, step);
        const { more, ...pruned } = step;
        if (!more && Object.values(pruned).every((count) => count === 0)) break;
        await pause(breathMilliseconds, undefined, { signal }).catch(() => {});
      }
    } catch (error) {
      const message =
        'What is older than BATON_RETENTION_DAYS could not be pruned; it is tried again in an hour';
      if (error instanceof StoreUnavailable) log.warn({ err: error }, message);
      else log.error({ err: error }, message);
    }
    if (Object.values(sum).some((count) => count > 0)) log.info({ days, ...sum }, 'Pruned');
  });
}

function add(sum: Omit<Pruned, 'more'>, step: Pruned): void {
  sum.events += step.events;
  sum.incidents += step.incidents;
  sum.effects += step.effects;
  sum.runs += step.runs;
  sum.transcripts += step.transcripts;
  sum.texts += step.texts;
  sum.deliveries += step.deliveries;
  sum.lines += step.lines;
}
