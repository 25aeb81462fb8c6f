import type { Logger } from 'pino';
import type { Store } from '../../store/store.ts';
import { type HeadOptions, tellHead } from './heads.ts';

const everyMilliseconds = 500;
const tellMilliseconds = 3_600_000;

/**
 * Links new lines of the record, round after round. Several processes may run one: the store lets one work at a time. At the
 * start and every hour the head is told: see `tellHead`.
 */
export function startSealer(
  store: Pick<Store, 'seal' | 'head'>,
  log: Logger,
  options: HeadOptions = {},
): { stop(): Promise<void> } {
  let round = Promise.resolve();
  let isToTell = true;
  const timer = setInterval(() => {
    round = round.then(work);
  }, everyMilliseconds);
  const teller = setInterval(() => {
    isToTell = true;
  }, tellMilliseconds);

  async function work(): Promise<void> {
    try {
      while ((await store.seal()) > 0);
      if (!isToTell) return;
      tellHead(await store.head(), log, options);
      isToTell = false;
    } catch (error) {
      log.warn({ err: error }, 'The record could not be linked');
    }
  }

  return {
    async stop() {
      clearInterval(timer);
      clearInterval(teller);
      await round;
      await work();
    },
  };
}
