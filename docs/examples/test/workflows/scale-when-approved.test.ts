import { fileURLToPath } from 'node:url';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTimeSkipping } from '../../../../test/temporal.ts';
import { bundleWorkflows } from '../../../../worker/bundle.ts';
import { scaleWhenApproved } from '../../workflows/scale-when-approved.ts';

let temporal: TestWorkflowEnvironment;
let bundle: WorkflowBundle;
beforeAll(async () => {
  bundle = await bundleWorkflows(
    fileURLToPath(new URL('../../workflows/scale-when-approved.ts', import.meta.url)),
  );
  temporal = await startTimeSkipping();
});
afterAll(() => temporal.teardown());

const planned = { summary: 'Scales reports/renderer from 2 to 6', calls: [] };

/** Runs the workflow with stand-ins. Whoever is asked answers at once. */
async function run(answer: { state: string; decision?: 'approved' | 'refused' }) {
  const calls: string[] = [];
  const { state, decision } = answer;
  const answers = decision ? [{ name: 'Ada Lopez', decision, reason: 'it is enough' }] : [];
  const worker = await Worker.create({
    connection: temporal.nativeConnection,
    taskQueue: 'scale-when-approved',
    workflowBundle: bundle,
    activities: {
      // What a look gives, the question, and the change itself.
      'ask:scaleKubernetesDeployment': async () => ({ planned }),
      askApproval: async () => ({ id: 'a1', state, answers, askedAt: '2026-11-26', expiresAt: '2026-11-27' }),
      'approved:scaleKubernetesDeployment': async () => void calls.push('scale'),
      addPagerDutyNote: async ({ note }: { note: string }) => void calls.push(note),
    },
  });
  const outcome = await worker.runUntil(
    temporal.client.workflow.execute(scaleWhenApproved, {
      workflowId: `scale-when-approved/${state}`,
      taskQueue: 'scale-when-approved',
      args: [{ incidentId: 'PGR0VU2', serviceId: 'PREPORT', replicas: 6 }],
    }),
  );
  return { calls, outcome };
}

describe('more replicas for the renderer', () => {
  it('come once somebody has approved it', async () => {
    expect(await run({ state: 'approved', decision: 'approved' })).toEqual({
      calls: ['scale'],
      outcome: 'scaled',
    });
  });

  it('do not come where somebody refuses, who is named with the reason', async () => {
    expect(await run({ state: 'refused', decision: 'refused' })).toEqual({
      calls: ['Not scaled to 6: Ada Lopez refused it: it is enough.'],
      outcome: 'handed to a person',
    });
  });

  it('do not come where nobody answers in time', async () => {
    expect(await run({ state: 'expired' })).toEqual({
      calls: ['Not scaled to 6: nobody approved it in time.'],
      outcome: 'handed to a person',
    });
  });
});
