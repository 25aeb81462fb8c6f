import { fileURLToPath } from 'node:url';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleOf, startTimeSkipping } from '../temporal.ts';

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await startTimeSkipping();
});
afterAll(() => env.teardown());

it.each(['ProviderUnavailable', 'StoreUnavailable', 'Busy'])(
  'a run goes on after 90 minutes of %s, for its changes and its reads',
  async (type) => {
    const bundle = await bundleOf(fileURLToPath(new URL('../worker/runs.ts', import.meta.url)));
    const back = (await env.currentTimeMs()) + 90 * 60_000;
    const away = async () => {
      if ((await env.currentTimeMs()) < back)
        throw ApplicationFailure.create({ type, message: 'It is away' });
      return { status: 'acknowledged' };
    };
    const worker = await Worker.create({
      connection: env.nativeConnection,
      namespace: 'default',
      taskQueue: type,
      workflowBundle: bundle,
      activities: { acknowledgePagerDutyIncident: away, readPagerDutyIncident: away },
    });
    const run = env.client.workflow.execute('acknowledge', {
      workflowId: type,
      taskQueue: type,
      args: ['PINC'],
    });
    expect(await worker.runUntil(run)).toBe('acknowledged');
  },
  60_000,
);
