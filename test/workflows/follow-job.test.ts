import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type JobState, usualJobSeverities } from '../../domain/job.ts';
import type { FollowJobInput } from '../../workflows/follow-job.ts';
import { followJob } from '../../workflows/follow-job.ts';
import { laterEvents } from '../../workflows/kit/run.ts';
import { startTimeSkipping, testBundle } from '../temporal.ts';
import { eventually } from '../world.ts';

interface Alert {
  dedupKey: string;
  severity: string;
  summary: string;
  class: string;
  connection?: string;
}
const raised: Alert[] = [];
const resolved: { dedupKey: string; connection?: string }[] = [];
/** What happens while a page is taken back. */
let duringResolve: (() => Promise<void>) | undefined;
const activities = {
  raisePagerDutyAlert: async (alert: Alert) => void raised.push(alert),
  async resolvePagerDutyAlert(alert: { dedupKey: string }) {
    resolved.push(alert);
    await duringResolve?.();
  },
  awaitPagerDutyAlert: async () => ({ confirmed: true, readable: true, reason: 'seen' }),
};

let temporal: TestWorkflowEnvironment;
let worker: Worker;
let working: Promise<void>;
beforeAll(async () => {
  temporal = await startTimeSkipping();
  worker = await Worker.create({
    connection: temporal.nativeConnection,
    taskQueue: 'jobs',
    workflowBundle: testBundle(),
    activities,
  });
  working = worker.run();
});
afterAll(async () => {
  worker.shutdown();
  await working;
  await temporal.teardown();
});
beforeEach(() => {
  raised.length = 0;
  resolved.length = 0;
});

let count = 0;
const now = async () => new Date(await temporal.currentTimeMs()).toISOString();

async function follow(state: JobState, more: Partial<FollowJobInput> = {}) {
  count += 1;
  const report = { origin: '/cron', job: `nightly-${count}`, state, message: 'exit 1' };
  const input = { source: 'batch', report, at: await now(), severity: usualJobSeverities, ...more };
  const handle = await temporal.client.workflow.start(followJob, {
    workflowId: `job/${count}`,
    taskQueue: 'jobs',
    args: [input],
  });
  let events = 0;
  return {
    key: `baton/followJob/Job/batch %2Fcron nightly-${count}`,
    result: () => handle.result(),
    async reports(next: string, subject = report.job) {
      events += 1;
      const data = { type: `com.example.${next}`, source: '/cron', subject, body: {} };
      const event = { eventId: `E${events}`, type: 'http.batch', time: await now(), echo: false, data };
      await handle.signal(laterEvents, [event]);
    },
  };
}

describe('a job that has failed', () => {
  it('pages once under one key, and the next good end takes the page back', async () => {
    const job = await follow('failed', { connection: 'platform' });
    await eventually('the page', () => raised.length === 1);
    await job.reports('started');
    await job.reports('failed');
    await eventually('the second failure to join it', () => raised.length === 2);
    expect(raised.map(({ dedupKey }) => dedupKey)).toEqual([job.key, job.key]);
    expect(raised[0]).toMatchObject({
      severity: 'error',
      class: 'failed',
      connection: 'platform',
      summary: expect.stringMatching(/^The job nightly-\d+ has failed: exit 1$/),
    });
    await job.reports('completed');
    expect(await job.result()).toBe('completed');
    expect(resolved).toEqual([{ dedupKey: job.key, connection: 'platform' }]);
  });

  it.each([
    ['failed', 'failed'],
    ['started', 'overdue'],
  ])('and reports %s while its page is taken back is followed on, and pages as %s', async (next, trouble) => {
    const job = await follow('failed', { withinSeconds: 7_200 });
    await eventually('the page', () => raised.length === 1);
    let isTold = false;
    duringResolve = async () => {
      duringResolve = undefined;
      await job.reports(next);
      isTold = true;
    };
    await job.reports('completed');
    await eventually('the next report', () => isTold);
    const skipped = temporal.sleep('3 hours');
    await eventually('the next page', () => raised.length === 2);
    await skipped;
    expect(raised.map(({ class: what }) => what)).toEqual(['failed', trouble]);
    await job.reports('completed');
    expect(await job.result()).toBe('completed');
    expect(resolved).toHaveLength(2);
  });

  it('has the severity of what befell it, and pages nobody where it has none', async () => {
    const slow = await follow('timed out');
    await slow.reports('completed');
    expect(await slow.result()).toBe('completed');
    expect(raised[0]?.severity).toBe('critical');
    const cancelled = await follow('cancelled');
    expect(await cancelled.result()).toBe('ended');
    expect(raised).toHaveLength(1);
  });

  it('is left to people after 30 days', async () => {
    const job = await follow('failed');
    expect(await job.result()).toBe('left to people');
    expect(resolved).toEqual([]);
  });
});

describe('a job that has started', () => {
  it('and has not finished in its time pages, until it completes', async () => {
    const job = await follow('started', { withinSeconds: 7_200 });
    const skipped = temporal.sleep('2 hours');
    await eventually('the page', () => raised.length === 1);
    await skipped;
    expect(raised[0]).toMatchObject({
      dedupKey: job.key,
      class: 'overdue',
      severity: 'error',
      summary: expect.stringMatching(/has not ended by .*Z, when it was to/),
    });
    await job.reports('completed');
    expect(await job.result()).toBe('completed');
    expect(resolved).toHaveLength(1);
  });

  it('and completes in its time pages nobody', async () => {
    const job = await follow('started', { withinSeconds: 7_200 });
    await job.reports('completed');
    expect(await job.result()).toBe('completed');
    expect([raised, resolved]).toEqual([[], []]);
  });

  it('has its time anew with each start', async () => {
    const job = await follow('started', { withinSeconds: 7_200 });
    await temporal.sleep('90 minutes');
    await job.reports('started');
    await temporal.sleep('90 minutes');
    expect(raised).toEqual([]);
    await job.reports('completed');
    expect(await job.result()).toBe('completed');
  });
});
