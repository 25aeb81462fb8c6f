import type { Logger } from 'pino';
import type { Store } from '../store/store.ts';

const everyMilliseconds = 500;

/** Links new lines of the record, round after round. Several processes may run one: the store lets one work at a time. */
export function startSealer(store: Store, log: Logger): { stop(): Promise<void> } {
  let round = Promise.resolve();
  const timer = setInterval(() => {
    round = round.then(seal);
  }, everyMilliseconds);

  async function seal(): Promise<void> {
    try {
      while ((await store.seal()) > 0);
    } catch (error) {
      log.warn({ err: error }, 'The record could not be linked');
    }
  }

  return {
    async stop() {
      clearInterval(timer);
      await round;
      await seal();
    },
  };
}
