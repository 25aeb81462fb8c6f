import { fileURLToPath } from 'node:url';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTimeSkipping } from '../../../../test/temporal.ts';
import { bundleWorkflows } from '../../../../worker/bundle.ts';
import { restartLeakingDeployment } from '../../workflows/restart-leaking-deployment.ts';

let temporal: TestWorkflowEnvironment;
let bundle: WorkflowBundle;
beforeAll(async () => {
  bundle = await bundleWorkflows(
    fileURLToPath(new URL('../../workflows/restart-leaking-deployment.ts', import.meta.url)),
  );
  temporal = await startTimeSkipping();
});
afterAll(() => temporal.teardown());

/** Runs the workflow with stand-ins for its activities. Gives the calls in their order, and how it ended. */
async function run({ complete, status }: { complete: boolean; status: 'acknowledged' | 'resolved' }) {
  const calls: string[] = [];
  const standIn = (name: string, result: unknown) => async () => {
    calls.push(name);
    return result;
  };
  const worker = await Worker.create({
    connection: temporal.nativeConnection,
    taskQueue: 'restart-leaking-deployment',
    workflowBundle: bundle,
    activities: {
      restartKubernetesDeployment: standIn('restart', { changed: true, generation: 2 }),
      awaitKubernetesRollout: standIn('rollout', { complete, reason: '1 of 3 pods ready' }),
      addPagerDutyNote: standIn('note', { changed: true }),
      readPagerDutyIncident: standIn('look', { status }),
      escalatePagerDutyIncident: standIn('escalate', { changed: true }),
    },
  });
  const outcome = await worker.runUntil(
    temporal.client.workflow.execute(restartLeakingDeployment, {
      workflowId: `reports-memory/${status}-${complete}`,
      taskQueue: 'restart-leaking-deployment',
      args: [{ incidentId: 'PGR0VU2', namespace: 'reports', deployment: 'renderer' }],
    }),
  );
  return { calls, outcome };
}

describe('the restart of a deployment that leaks', () => {
  it('is the end of it when the incident is over ten minutes later', async () => {
    expect(await run({ complete: true, status: 'resolved' })).toEqual({
      calls: ['restart', 'rollout', 'note', 'look'],
      outcome: 'restarted',
    });
  });

  it('is followed by a person when the incident is still open then', async () => {
    expect(await run({ complete: true, status: 'acknowledged' })).toEqual({
      calls: ['restart', 'rollout', 'note', 'look', 'escalate'],
      outcome: 'handed to a person',
    });
  });

  it('goes to a person at once when the pods do not come back', async () => {
    expect(await run({ complete: false, status: 'acknowledged' })).toEqual({
      calls: ['restart', 'rollout', 'note', 'escalate'],
      outcome: 'handed to a person',
    });
  });
});
