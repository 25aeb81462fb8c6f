import type { HealthOptions } from './health.ts';

/** How long what the store has said of itself holds. */
const freshMs = 1_000;

/** Asks once for all who come meanwhile and within a second after. */
export function onceASecond<Value>(ask: () => Promise<Value>): () => Promise<Value> {
  let last: Promise<Value> | undefined;
  return () => {
    if (last) return last;
    const asked = ask();
    last = asked;
    const forget = () =>
      void setTimeout(() => {
        last = undefined;
      }, freshMs).unref();
    asked.then(forget, forget);
    return asked;
  };
}

/** The store as the open routes see it: whoever reaches them may ask as often as they like, and it costs the store one question a second. */
export function askedOnceASecond(store: HealthOptions['store']): HealthOptions['store'] {
  return {
    ping: onceASecond(() => store.ping()),
    backlog: onceASecond(() => store.backlog()),
    head: onceASecond(() => store.head()),
  };
}
