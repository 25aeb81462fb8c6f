import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll } from 'vitest';
import { startTestTemporal, testBundle } from '../temporal.ts';
import { inParallel, type Step, told } from './fixture/in-parallel.ts';

const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
const note = async () => {};
/** What the runs have written on timelines. */
export const lines: string[] = [];
const recordLine = async ({ text }: { text: string }) => void lines.push(text);
const activities = { wait: pause, recordLine, note0: note, note1: note, note2: note, note3: note };
const taskQueue = 'in-parallel';

async function start() {
  const [temporal, workflowBundle] = await Promise.all([startTestTemporal(), testBundle()]);
  const connection = temporal.nativeConnection;
  const worker = await Worker.create({ connection, taskQueue, workflowBundle, activities });
  const running = worker.run();
  const end = async () => {
    worker.shutdown();
    await running;
    await temporal.teardown();
  };
  return { temporal, workflowBundle, end };
}

/** Runs of branches in parallel, on a Temporal of the test file's own. */
export function inParallelRuns() {
  let started: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    started = await start();
  });
  afterAll(() => started.end());
  let runs = 0;

  /**
   * Goes through the branches, with a signal after each of the pauses, and then through the history that this gave. Rejects where they differ.
   * Gives the workflow tasks that failed.
   */
  return async function runAndReplay(branches: Step[][], pauses: readonly number[] = []): Promise<unknown[]> {
    const { temporal, workflowBundle } = started;
    runs += 1;
    const run = await temporal.client.workflow.start(inParallel, {
      taskQueue,
      workflowId: `run-${runs}`,
      args: [branches],
      // A local activity that takes longer lets events in meanwhile.
      workflowTaskTimeout: '1 second',
    });
    for (const milliseconds of pauses) {
      await pause(milliseconds);
      // It may have ended.
      await run.signal(told).catch(() => {});
    }
    await run.result();
    const options = { workflowBundle, activities };
    const history = await run.fetchHistory();
    await Worker.runReplayHistory(options, history);
    return history.events?.flatMap((event) => event.workflowTaskFailedEventAttributes ?? []) ?? [];
  };
}
