interface Times {
  /** A start has other things to do. */
  firstAfterMilliseconds: number;
  everyMilliseconds: number;
}

/**
 * Does something some time after a start, and then again and again, one round after the other. `round` never rejects; its signal says that it
 * is to come to an end.
 */
export function nowAndThen(
  { firstAfterMilliseconds, everyMilliseconds }: Times,
  round: (stopping: AbortSignal) => Promise<void>,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  let under: Promise<void> = Promise.resolve();
  const begin = () => {
    under = under.then(() => round(stopping.signal));
  };
  const first = setTimeout(begin, firstAfterMilliseconds);
  const timer = setInterval(begin, everyMilliseconds);
  return {
    async stop() {
      stopping.abort();
      clearTimeout(first);
      clearInterval(timer);
      await under;
    },
  };
}
