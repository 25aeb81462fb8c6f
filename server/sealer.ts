import type { Logger } from 'pino';
import type { Store } from '../store/store.ts';

const everyMilliseconds = 500;
const tellMilliseconds = 3_600_000;

/**
 * Links new lines of the record, round after round. Several processes may run one: the store lets one work at a time. At the
 * start and every hour the head goes to the log: whoever rewrites the store cannot rewrite a log that is kept elsewhere.
 */
export function startSealer(store: Pick<Store, 'seal' | 'head'>, log: Logger): { stop(): Promise<void> } {
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
      log.info(await store.head(), 'Head of the record');
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
