import { fileURLToPath } from 'node:url';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTimeSkipping } from '../../../../test/temporal.ts';
import { bundleWorkflows } from '../../../../worker/bundle.ts';
import { takeOver } from '../../workflows/take-over.ts';

let temporal: TestWorkflowEnvironment;
let bundle: WorkflowBundle;
beforeAll(async () => {
  bundle = await bundleWorkflows(fileURLToPath(new URL('../../workflows/take-over.ts', import.meta.url)));
  temporal = await startTimeSkipping();
});
afterAll(() => temporal.teardown());

type Values = Record<string, string | number | boolean>;

/** Runs the workflow with stand-ins. Ben answers each question at once, where he has something to say. */
async function run(...said: (Values | undefined)[]) {
  const calls: string[] = [];
  const answers = said.values();
  const worker = await Worker.create({
    connection: temporal.nativeConnection,
    taskQueue: 'take-over',
    workflowBundle: bundle,
    activities: {
      askQuestion: async () => {
        const values = answers.next().value;
        const times = { askedAt: '2026-11-26', expiresAt: '2026-11-27' };
        const ben = { name: 'Ben Okafor', at: '2026-11-26', via: 'slack' };
        return values
          ? { id: 'q1', state: 'answered', answers: [{ ...ben, values }], ...times }
          : { id: 'q1', state: 'expired', answers: [], ...times };
      },
      addPagerDutyNote: async ({ note }: { note: string }) => void calls.push(note),
      publishPagerDutyStatusUpdate: async ({ message }: { message: string }) => void calls.push(message),
    },
  });
  const running = temporal.client.workflow.execute(takeOver, {
    workflowId: `take-over/${said.length}`,
    taskQueue: 'take-over',
    args: [{ incidentId: 'PGR0VU2', serviceId: 'PSHOP' }],
  });
  const outcome = await worker.runUntil(running.catch((error: Error) => String(error.cause)));
  return { calls, outcome };
}

describe('another region takes over', () => {
  it('as somebody has chosen, and those who follow the incident read what customers see', async () => {
    const form = { seen: 'No payment goes through.', users: 40, isSafe: true };
    expect(await run({ choice: 'eu-central-1' }, form)).toEqual({
      calls: [
        'Ben Okafor chose eu-central-1.',
        'No payment goes through. It is seen by 40 customers. Their orders are safe.',
      ],
      outcome: 'told',
    });
  });

  it('and nobody outside is told what nobody has said', async () => {
    expect(await run({ choice: 'eu-west-1' }, undefined, undefined)).toEqual({
      calls: ['Ben Okafor chose eu-west-1.'],
      outcome: 'nobody told',
    });
  });

  it('or pages somebody, where nobody chooses', async () => {
    expect(await run(undefined)).toEqual({
      calls: [],
      outcome: 'ApplicationFailure: Nobody answered in time: Which region takes over?',
    });
  });
});
