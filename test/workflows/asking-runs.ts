import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { RunCause } from '../../domain/incident.ts';
import type { Store } from '../../store/store.ts';
import { taskQueue } from '../../worker/worker.ts';
import { laterEvents } from '../../workflows/kit/run.ts';
import { signedMemo } from '../authority.ts';
import { entry, fresh } from '../store/world.ts';

/** Starts a run of a workflow as a server does, of a trigger of this name. */
export async function startRun<Input>(
  { temporal, store }: { temporal: TestWorkflowEnvironment; store: Store },
  trigger: string,
  run: (input: Input) => Promise<string>,
  input: Input,
  cause: Partial<RunCause> = {},
): Promise<WorkflowHandle> {
  const workflowId = fresh(`${trigger}/`);
  const { name: workflow } = run;
  const row = { id: workflowId, trigger, workflow, target: 'north', input: {}, cause: {} };
  await store.beginRun(row, entry());
  await store.runBegan(workflowId);
  return temporal.client.workflow.start(run, {
    workflowId,
    taskQueue,
    memo: signedMemo({ workflowId, workflow, input }, cause),
    args: [input],
  });
}

/** Tells a run of an event, as the dispatcher does. */
export const tellRun = (run: WorkflowHandle, type: string, data: object = {}) =>
  run.signal(laterEvents, [
    { eventId: fresh('E'), type, time: new Date().toISOString(), echo: false, data: { ...data } },
  ]);
