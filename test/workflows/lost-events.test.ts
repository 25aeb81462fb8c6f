import { defaultPayloadConverter } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CallCause } from '../../workflows/kit/call-headers.ts';
import { laterEvents } from '../../workflows/kit/run.ts';
import { signedMemo } from '../authority.ts';
import { startTimeSkipping, testBundle } from '../temporal.ts';
import { eventually } from '../world.ts';
import { pageForRun, waitForNext, waitForResolve } from './fixture/waiting.ts';

/** PagerDuty as it is now, and how often it was asked. */
const pagerDuty = { status: 'triggered', reads: 0, fails: 0 };
const raised: string[] = [];
const resolved: string[] = [];
/** What happens while a page is taken back. */
let duringResolve: (() => Promise<void>) | undefined;
/** What each call of the run has told of it. */
const acknowledged: CallCause['acknowledged'][] = [];
const day = 24 * 3_600_000;

const activities = {
  async readPagerDutyIncident({ incidentId }: { incidentId: string }) {
    pagerDuty.reads += 1;
    if (pagerDuty.reads >= 3) pagerDuty.status = 'resolved';
    return {
      id: incidentId,
      number: 1,
      title: 'Slow',
      status: pagerDuty.status,
      urgency: 'high',
      service: { id: 'PS', name: 'Search' },
      assignees: [],
      acknowledgers: [{ id: 'PADALOP', name: 'Ada Lopez', at: '2026-03-01T10:12:00Z' }],
      teams: [],
      createdAt: '2026-03-01T10:00:00Z',
      resolvedBy: { kind: 'person', id: 'PBENOKA', name: 'Ben' },
      url: 'https://example.pagerduty.com/incidents/PLOST1',
    };
  },
  async raisePagerDutyAlert({ dedupKey }: { dedupKey: string }) {
    raised.push(dedupKey);
    return {};
  },
  async resolvePagerDutyAlert({ dedupKey }: { dedupKey: string }) {
    resolved.push(dedupKey);
    await duringResolve?.();
    return {};
  },
  reportRunEnd: async () => undefined,
  awaitPagerDutyAlert: async () => ({ confirmed: true, readable: true, reason: 'seen' }),
};

let temporal: TestWorkflowEnvironment;
let worker: Worker;
let working: Promise<void>;
beforeAll(async () => {
  temporal = await startTimeSkipping();
  const workflowBundle = testBundle();
  worker = await Worker.create({
    connection: temporal.nativeConnection,
    taskQueue: 'lost',
    workflowBundle,
    activities,
    interceptors: {
      activity: [
        () => ({
          inbound: {
            execute({ headers, ...call }, next) {
              const said = headers.baton && defaultPayloadConverter.fromPayload<CallCause>(headers.baton);
              acknowledged.push(said?.acknowledged);
              return next({ headers, ...call });
            },
          },
        }),
      ],
    },
  });
  working = worker.run();
});
afterAll(async () => {
  worker.shutdown();
  await working;
  await temporal.teardown();
});
beforeEach(() => {
  Object.assign(pagerDuty, { status: 'triggered', reads: 0 });
  raised.length = 0;
  resolved.length = 0;
});

const start = (workflowId: string) => ({ workflowId, taskQueue: 'lost' });

describe('a run whose event was lost', () => {
  it('that waits for the resolve finds it within the hour', async () => {
    const hours = await temporal.client.workflow.execute(waitForResolve, {
      ...start('resolve'),
      args: ['PLOST1'],
    });
    expect(pagerDuty.reads).toBe(3);
    expect(hours).toBe(3);
  });

  it('and who has acknowledged it, which goes along with each call that follows', async () => {
    acknowledged.length = 0;
    const workflowId = 'acknowledged';
    const memo = signedMemo({ workflowId, workflow: 'waitForResolve', input: 'PLOST1' });
    await temporal.client.workflow.execute(waitForResolve, { ...start(workflowId), args: ['PLOST1'], memo });
    const ada = { how: 'acknowledged', by: 'Ada Lopez', at: '2026-03-01T10:12:00.000Z' };
    expect(acknowledged.slice(0, 3)).toEqual([undefined, [ada], [ada]]);
  });

  it('that waits for the next event is given what has changed as one, once', async () => {
    const event = await temporal.client.workflow.execute(waitForNext, { ...start('next'), args: ['PLOST1'] });
    expect(event).toBe('pagerduty.incident.resolved by person Ben, resolved');
    expect(pagerDuty.reads).toBe(3);
  });
});

describe('a page for a run on a target that never runs again', () => {
  const failure = { runId: 'r', workflow: 'w', failureClass: 'ProviderRefused', target: 'x', message: 'no' };
  it('is left to people after 30 days', async () => {
    const before = await temporal.currentTimeMs();
    const outcome = await temporal.client.workflow.execute(pageForRun, { ...start('page'), args: [failure] });
    expect(outcome).toBe('left to people');
    expect(raised).toHaveLength(1);
    expect((await temporal.currentTimeMs()) - before).toBeGreaterThanOrEqual(30 * day);
  }, 30_000);

  it('goes on in another history with the pages that it has, raises none anew, and takes all back', async () => {
    const soFar = { keys: ['one', 'two'], until: (await temporal.currentTimeMs()) + 30 * day };
    const handle = await temporal.client.workflow.start(pageForRun, {
      ...start('renewed'),
      args: [{ ...failure, soFar }],
    });
    await handle.signal(laterEvents, [
      {
        eventId: 'E9',
        type: 'run.completed',
        time: new Date().toISOString(),
        echo: false,
        data: { healthy: true },
      },
    ]);
    expect(await handle.result()).toBe('resolved');
    expect(raised).toEqual([]);
    expect(resolved).toEqual(['one', 'two']);
  }, 30_000);

  it('raises one for a failure that comes while it takes back those of before', async () => {
    const handle = await temporal.client.workflow.start(pageForRun, { ...start('again'), args: [failure] });
    const tell = (eventId: string, type: string, data: object) =>
      handle.signal(laterEvents, [{ eventId, type, time: new Date().toISOString(), echo: false, data }]);
    const failed = { ...failure, failure: { class: 'Conflict', message: 'it was changed meanwhile' } };
    duringResolve = async () => {
      duringResolve = undefined;
      await tell('E11', 'run.failed', failed);
    };
    await tell('E10', 'run.completed', { healthy: true });
    await eventually('the next page', () => raised.length === 2);
    expect(resolved).toEqual(raised.slice(0, 1));
    await tell('E12', 'run.completed', { healthy: true });
    expect(await handle.result()).toBe('resolved');
    expect(resolved).toEqual(raised);
  }, 30_000);
});
