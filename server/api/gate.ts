import { Refusal } from '../refusal.ts';

/** The store's connections are shared with webhooks, which must not wait behind questions. */
const atOnce = 5;
const waitingAtMost = 200;

/** Lets a few requests work at a time. The others wait, and where too many do, they are told to come back. */
export function createGate(): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let working = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (working >= atOnce) {
      if (waiting.length >= waitingAtMost)
        throw new Refusal(503, 'Too busy', 'Too many requests are being answered. Send it again.', 1);
      await new Promise<void>((go) => waiting.push(go));
    } else working += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      // Whoever waited takes over the place.
      if (next) next();
      else working -= 1;
    }
  };
}
