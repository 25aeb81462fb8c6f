import type { WorkerBuild } from '../domain/run.ts';
import type { Store } from '../store/store.ts';

/** Live runs are told to the store together, so that no call of a run waits for it. */
const tellMilliseconds = 1_000;
/** Runs of which is remembered that they were told: what is forgotten is told again. */
const mostRemembered = 10_000;

/** Lets the store know which code carries out the live runs. */
export interface CarriedOut {
  worker: WorkerBuild;
  /** This worker has a call of the run in hand. */
  sees(runId: string): void;
  /** The run ends, and its end tells the rest. */
  ends(runId: string): void;
  stop(): void;
}

/**
 * Notes the runs whose calls come to this worker, and tells the store of those that are still live after a second: one statement for
 * all of them. What ends sooner is told with its end.
 */
export function carriedOutBy(worker: WorkerBuild, store: Pick<Store, 'carryOutRuns'>): CarriedOut {
  const seen = new Set<string>();
  let untold = new Set<string>();
  let telling = false;

  async function tell(): Promise<void> {
    if (telling || untold.size === 0) return;
    telling = true;
    const now = untold;
    untold = new Set();
    try {
      await store.carryOutRuns([...now], worker);
    } catch {
      // The store is away, and says so itself. The next round tells it.
      for (const id of now) if (seen.has(id)) untold.add(id);
    } finally {
      telling = false;
    }
  }
  const timer = setInterval(() => void tell(), tellMilliseconds).unref();

  return {
    worker,
    sees(runId) {
      if (seen.has(runId)) return;
      if (seen.size >= mostRemembered) seen.clear();
      seen.add(runId);
      untold.add(runId);
    },
    ends(runId) {
      seen.delete(runId);
      untold.delete(runId);
    },
    stop: () => clearInterval(timer),
  };
}
