const everyMilliseconds = 1_000;
const patienceMilliseconds = 5_000;

interface Rounds {
  /** Does what is due. Gives true where there is more to do at once. */
  round(stopping: AbortSignal): Promise<boolean>;
  /** Hears of the first round that fails after one that did not. */
  onFault(error: unknown): void;
}

/** Sees each second to what waits in the store, one round after the other. What a round could not write the next one finds again. */
export function startRounds({ round, onFault }: Rounds): { stop(): Promise<void> } {
  const stopping = new AbortController();
  let isStopping = false;
  let hasFailed = false;
  const begin = () => {
    under = round(stopping.signal)
      .then((goesOn) => {
        hasFailed = false;
        return goesOn;
      })
      .catch((error: unknown) => {
        if (!hasFailed) onFault(error);
        hasFailed = true;
        return false;
      })
      .then((goesOn) => {
        if (!isStopping) timer = setTimeout(begin, goesOn ? 0 : everyMilliseconds);
      });
  };
  let under = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  begin();
  return {
    async stop() {
      isStopping = true;
      clearTimeout(timer);
      // What is under way is done to its end, where that is soon.
      const impatience = setTimeout(() => stopping.abort(), patienceMilliseconds);
      await under;
      clearTimeout(impatience);
    },
  };
}

/** Waits for all of them: one that fails keeps no other from its end. Rejects with the first failure. */
export async function allToTheirEnd(all: readonly Promise<void>[]): Promise<void> {
  const ends = await Promise.allSettled(all);
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}
