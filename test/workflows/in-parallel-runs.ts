import { ApplicationFailure } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll } from 'vitest';
import { startTestTemporal, testBundle } from '../temporal.ts';
import { inParallel, type Step, told } from './fixture/in-parallel.ts';

const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
const note = async () => {};
/** What the runs have written on timelines, and the states of steps that they have told of. */
export const said: string[] = [];
const activities = {
  wait: pause,
  fail: async (milliseconds: number) => {
    await pause(milliseconds);
    throw ApplicationFailure.nonRetryable('It is gone');
  },
  recordLine: async ({ text }: { text: string }) => void said.push(text),
  tellStep: async ({ type }: { type: string }) => void said.push(type),
  reportRunEnd: note,
  note0: note,
  note1: note,
  note2: note,
  note3: note,
};
/** Somebody hears of all states of all changes. */
const cause = { heard: { 'activity.scheduled': ['changes'], 'activity.cancelled': ['changes'] } };
const taskQueue = 'in-parallel';
const unhandledCommand =
  temporal.api.enums.v1.WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND;

async function start() {
  const [server, workflowBundle] = await Promise.all([startTestTemporal(), testBundle()]);
  const connection = server.nativeConnection;
  const worker = await Worker.create({ connection, taskQueue, workflowBundle, activities });
  const running = worker.run();
  const end = async () => {
    worker.shutdown();
    await running;
    await server.teardown();
  };
  return { server, workflowBundle, end };
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
   * Gives the workflow tasks that failed, but for those that Temporal has given back because of a signal.
   */
  return async function runAndReplay(branches: Step[][], pauses: readonly number[] = []): Promise<unknown[]> {
    const { server, workflowBundle } = started;
    runs += 1;
    const run = await server.client.workflow.start(inParallel, {
      taskQueue,
      workflowId: `run-${runs}`,
      args: [branches],
      memo: { cause },
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
    const tasks = history.events?.flatMap((event) => event.workflowTaskFailedEventAttributes ?? []) ?? [];
    return tasks.filter((task) => task.cause !== unhandledCommand);
  };
}
