import type { StoppableWorker } from '../domain/simulation.ts';
import type { RunningWorker } from '../worker/worker.ts';

/** A worker that can be stopped, and started again, one after the other. `onFailed`: it cannot go on. */
export async function stoppableWorker(
  startWorker: () => Promise<RunningWorker>,
  onFailed: (error: unknown) => void,
): Promise<StoppableWorker> {
  let running: RunningWorker | undefined;
  let turn: Promise<void> = Promise.resolve();
  const inTurn = (step: () => Promise<void>): Promise<void> => {
    const mine = turn.then(step);
    turn = mine.catch(() => {});
    return mine;
  };
  const start = () =>
    inTurn(async () => {
      if (running) return;
      running = await startWorker();
      running.stopped.catch(onFailed);
    });
  const stop = () =>
    inTurn(async () => {
      const before = running;
      running = undefined;
      await before?.stop();
    });
  await start();
  return { isRunning: () => running !== undefined, start, stop };
}
