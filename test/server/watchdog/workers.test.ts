import { Client, Connection } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunRow } from '../../../domain/run.ts';
import { pollersOfAllParts } from '../../../server/temporal/pollers.ts';
import { usualLimits as limits } from '../../../server/watchdog/limits.ts';
import { workerUnhealthy } from '../../../server/watchdog/workers.ts';
import { startTestTemporal } from '../../temporal.ts';
import { eventually } from '../../world.ts';
import { fakeClock } from './watching.ts';

const { signal } = new AbortController();
const noWorker = 'baton/worker/NoWorker/all';
const tooFew = 'baton/worker/TooFew/all';
const lateActivities = 'baton/worker/Backlog/activity';
const lateWorkflows = 'baton/worker/Backlog/workflow';

const stuckRun = (id: string): RunRow => ({
  id,
  trigger: 't',
  workflow: 'w',
  target: 'x',
  eventSeq: 1,
  state: 'running',
  createdAt: '2026-03-01T10:00:00.000Z',
  stuck: { reason: 'NoWorker', message: 'it cannot', since: '2026-03-01T10:01:00.000Z' },
});

/** What Temporal tells of a queue: how many seconds ago workers of each kind asked, and for how many the oldest task has waited. */
interface Queue {
  asked: { workflow?: Record<string, number>; activity?: Record<string, number> };
  waited?: { workflow?: number; activity?: number };
  /** The same of the version that all workers have. */
  waitedOfVersion?: { workflow?: number; activity?: number };
  /** Who has asked another part of the queue alone. */
  elsewhere?: Record<string, number>;
}

/** A server that watches such a queue. */
function watched(queue: Queue, { stuck = [] as RunRow[], workersExpected = 1 } = {}) {
  const clock = fakeClock();
  const client = new Client({ connection: Connection.lazy({ address: '127.0.0.1:1' }) });
  const kindOf = (type: number) => (type === 1 ? 'workflow' : 'activity');
  const statsOf = (seconds: number | undefined) =>
    seconds === undefined ? {} : { approximateBacklogCount: 3, approximateBacklogAge: { seconds } };
  const deploymentOptions = queue.waitedOfVersion && { workerVersioningMode: 2, buildId: 'b1' };
  Object.assign(client.workflowService, {
    async describeTaskQueue({ taskQueue, taskQueueType, reportStats }: Record<string, never>) {
      const kind = kindOf(taskQueueType as unknown as number);
      const isRoot = (taskQueue as unknown as { name: string }).name === 'baton';
      const pollers = Object.entries((isRoot ? queue.asked[kind] : queue.elsewhere) ?? {});
      return {
        pollers: pollers.map(([identity, ago]) => ({
          identity,
          deploymentOptions,
          lastAccessTime: { seconds: Math.floor(clock.now() / 1_000) - ago },
        })),
        ...(reportStats && queue.waited ? { stats: statsOf(queue.waited[kind]) } : {}),
      };
    },
    listTaskQueuePartitions: async () =>
      queue.elsewhere
        ? { workflowTaskQueuePartitions: [{ key: 'baton' }, { key: '/_sys/baton/1' }] }
        : Promise.reject(Object.assign(new Error('unknown method'), { code: 12 })),
    describeWorkerDeploymentVersion: async () => ({
      versionTaskQueues: [1, 2].map((type) => ({
        name: 'baton',
        type,
        stats: statsOf(queue.waitedOfVersion?.[kindOf(type)]),
      })),
    }),
  });
  Object.assign(client, { withDeadline: (_: unknown, call: () => Promise<unknown>) => call() });
  const { find } = workerUnhealthy({
    client,
    namespace: 'default',
    taskQueue: 'baton',
    workersExpected,
    store: { listStuckRuns: async () => stuck },
    limits,
    now: clock.now,
  });
  const keys = async () => (await find(signal))?.map(({ key }) => key);
  return { clock, find, keys, queue };
}
const both = (workers: Record<string, number>) => ({ workflow: workers, activity: workers });

describe('worker.unhealthy', () => {
  it.each([
    ['none is known', {}, [noWorker]],
    ['all have asked long ago', both({ a: 200 }), [noWorker]],
    ['none carries out activities', { workflow: { a: 3 }, activity: { a: 200 } }, [noWorker]],
    ['they ask', { workflow: { a: 69 }, activity: { a: 3 } }, []],
  ])('where %s', async (_, asked, expected) => {
    const { clock, keys } = watched({ asked });
    expect(await keys()).toEqual(expected.length > 0 ? undefined : []);
    clock.pass(3_600);
    expect(await keys()).toEqual(expected);
  });

  it('is one trouble where runs stand still beside workers that take other things', async () => {
    const stuck = [stuckRun('a'), stuckRun('b')];
    const { find } = watched({ asked: both({ a: 3 }), waited: { workflow: 90 } }, { stuck });
    expect(await find(signal)).toMatchObject([
      { key: noWorker, summary: '2 runs stand still: it cannot', severity: 'critical' },
    ]);
  });

  it('is a warning where fewer workers live than should, whichever tasks each asks for, until enough do', async () => {
    const asked = { workflow: { a: 3, b: 3, gone: 200 }, activity: { a: 3 } };
    const { clock, find, keys, queue } = watched({ asked }, { workersExpected: 3 });
    // They may come after the server.
    expect(await keys()).toBeUndefined();
    clock.pass(3_600);
    expect(await find(signal)).toMatchObject([
      { key: tooFew, severity: 'warning', details: { workers: 2, expected: 3 } },
    ]);
    queue.asked = { workflow: { a: 3, b: 3 }, activity: { a: 3, c: 3 } };
    expect(await keys()).toEqual([]);
    queue.asked = {};
    expect(await keys()).toEqual([noWorker]);
  });

  it('counts those who have asked another part of the queue', async () => {
    const { clock, keys } = watched(
      { asked: both({ a: 3 }), elsewhere: { a: 9, b: 4 } },
      { workersExpected: 2 },
    );
    clock.pass(3_600);
    expect(await keys()).toEqual([]);
  });

  it.each([
    ['a workflow task has', { waited: { workflow: 60 } }, [lateWorkflows]],
    ['an activity task has', { waited: { workflow: 5, activity: 61 } }, [lateActivities]],
    ['each has', { waited: { workflow: 600, activity: 61 } }, [lateWorkflows, lateActivities]],
    ['one for a version has', { waited: {}, waitedOfVersion: { activity: 61 } }, [lateActivities]],
    ['none has', { waited: { workflow: 59 } }, []],
    ['Temporal does not tell it', {}, []],
  ])('is an error where tasks wait for a minute: %s', async (_, tasks, expected) => {
    const { find, keys, queue } = watched({ asked: both({ a: 3 }), ...tasks });
    expect(await keys()).toEqual(expected);
    for (const { severity } of (await find(signal)) ?? []) expect(severity).toBe('error');
    delete queue.waited;
    delete queue.waitedOfVersion;
    expect(await keys()).toEqual([]);
  });

  it('tells no wait that has the same cause as another trouble', async () => {
    const waited = { workflow: 90, activity: 90 };
    const { clock, keys, queue } = watched({ asked: { workflow: { a: 3 } }, waited });
    clock.pass(3_600);
    expect(await keys()).toEqual([noWorker, lateWorkflows]);
    queue.asked = {};
    expect(await keys()).toEqual([noWorker]);
  });

  it('counts a wait from when there are workers again: they have so long to take what waits', async () => {
    const waited = { workflow: 1_200, activity: 5 };
    const { clock, keys, queue } = watched({ asked: {}, waited });
    clock.pass(3_600);
    expect(await keys()).toEqual([noWorker]);
    queue.asked = both({ a: 3 });
    clock.pass(59);
    expect(await keys()).toEqual([]);
    clock.pass(1);
    expect(await keys()).toEqual([lateWorkflows]);
  });
});

describe('worker.unhealthy, of a real queue in parts', () => {
  let temporal: TestWorkflowEnvironment;
  beforeAll(async () => {
    const parts = ['Read', 'Write'].map((what) => `matching.numTaskqueue${what}Partitions=4`);
    // Who asks is told soon that there is nothing.
    const asking = 'matching.longPollExpirationInterval="1s"';
    temporal = await startTestTemporal({ settings: [...parts, asking] });
  });
  afterAll(() => temporal.teardown());

  const namespace = 'default';
  /** A worker that takes workflow tasks, as Temporal sees it. It has asked for activities, and takes none. */
  async function workerOf(queue: string, identity: string, buildId?: string) {
    const { client } = temporal;
    const service = client.workflowService;
    const taskQueue = { name: queue };
    const deploymentOptions = buildId && { deploymentName: queue, buildId, workerVersioningMode: 2 };
    const asking = { namespace, taskQueue, identity, ...(deploymentOptions && { deploymentOptions }) };
    const asked = <T>(call: () => Promise<T>) => client.withDeadline(Date.now() + 30_000, call);
    await asked(() => service.pollActivityTaskQueue(asking));
    return {
      /** Takes the next step of a run, which is an activity. */
      async takeStep() {
        let taskToken: Uint8Array = new Uint8Array();
        while (taskToken.length === 0)
          ({ taskToken } = await asked(() => service.pollWorkflowTaskQueue(asking)));
        await service.respondWorkflowTaskCompleted({
          namespace,
          identity,
          taskToken,
          ...(deploymentOptions && { deploymentOptions, versioningBehavior: 1 }),
          commands: [
            {
              commandType: 1,
              scheduleActivityTaskCommandAttributes: {
                activityId: '1',
                activityType: { name: 'addPagerDutyNote' },
                taskQueue,
                scheduleToCloseTimeout: { seconds: 600 as never },
                startToCloseTimeout: { seconds: 60 as never },
              },
            },
          ],
        });
      },
      ask: () => asked(() => service.pollWorkflowTaskQueue(asking)),
    };
  }
  /** Watches it as a server does that is up for an hour. */
  function watching(taskQueue: string, workersExpected = 1) {
    const times = [Date.now() - 3_600_000];
    const { find } = workerUnhealthy({
      client: temporal.client,
      namespace,
      taskQueue,
      workersExpected,
      store: { listStuckRuns: async () => [] },
      limits: { ...limits, untaken: 0.2 },
      now: () => times.pop() ?? Date.now(),
    });
    return find;
  }

  it.concurrent.each([undefined, 'b1'])(
    'tells activities that no worker takes, of version %s',
    async (buildId) => {
      const queue = `busy-${buildId}`;
      const worker = await workerOf(queue, '1@one', buildId);
      if (buildId) {
        await worker.ask();
        await temporal.client.workflowService.setWorkerDeploymentCurrentVersion({
          namespace,
          deploymentName: queue,
          buildId,
          identity: 'test',
        });
      }
      await temporal.client.workflow.start('w', { taskQueue: queue, workflowId: queue });
      await worker.takeStep();
      const find = watching(queue);
      await eventually('the wait', async () => ((await find(signal)) ?? []).length > 0);
      expect(await find(signal)).toMatchObject([
        { key: lateActivities, severity: 'error', details: { kind: 'activity', count: 1 } },
      ]);
    },
  );

  it.concurrent('finds each worker, whichever part it has asked', async () => {
    const names = ['1@a', '1@b', '1@c', '1@d', '1@e'];
    await Promise.all(names.map(async (name) => (await workerOf('many', name)).ask()));
    expect(await watching('many', 5)(signal)).toEqual([]);
    expect(await watching('many', 6)(signal)).toMatchObject([{ key: tooFew, details: { workers: 5 } }]);
    const found = await pollersOfAllParts(temporal.client, namespace, 'many');
    expect([...new Set(found.map(({ identity }) => identity))].sort()).toEqual(names);
  });
});
