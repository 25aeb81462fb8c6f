import { readFileSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import type { RunRow } from '../../../domain/run.ts';
import { conditionNames } from '../../../server/watchdog/condition.ts';
import { inboxBehind } from '../../../server/watchdog/inbox.ts';
import { usualLimits as limits } from '../../../server/watchdog/limits.ts';
import { runStuck } from '../../../server/watchdog/stuck.ts';
import { temporalAway } from '../../../server/watchdog/temporal.ts';
import { workerUnhealthy } from '../../../server/watchdog/workers.ts';
import { fakeClock } from './watching.ts';

const { signal } = new AbortController();
const keys = async (find: ReturnType<typeof temporalAway>['find']) =>
  (await find(signal))?.map(({ key }) => key);

it('the limits add up to less than two minutes', () => {
  const { round, unpolled, unpolledHeld, temporalAwayHeld, pendingFor, pendingHeld, scheduleLate } = limits;
  const { subscriptionRound, subscriptionHeld } = limits;
  expect(subscriptionHeld).toBeLessThan(subscriptionRound);
  for (const seconds of [
    2 * subscriptionRound,
    unpolled + unpolledHeld,
    temporalAwayHeld,
    pendingFor + pendingHeld,
    scheduleLate,
  ])
    expect(seconds + 2 * round).toBeLessThanOrEqual(120);
});

it('each condition stands in the docs, with the key of its page', () => {
  const docs = readFileSync(new URL('../../../docs/operating.md', import.meta.url), 'utf8');
  const rows = [...docs.matchAll(/^\| `([a-z.]+)` \|.*`baton\/[^`]+` \|$/gm)].map(([, name]) => name);
  expect(rows).toEqual([...conditionNames]);
});

const run = (id: string, reason: 'NoWorker' | 'NonDeterminism', workflow = 'w'): RunRow => ({
  id,
  trigger: 't',
  workflow,
  target: 'x',
  eventSeq: 1,
  state: 'running',
  createdAt: '2026-03-01T10:00:00.000Z',
  stuck: { reason, message: 'it cannot', since: '2026-03-01T10:01:00.000Z' },
});

describe('worker.unhealthy', () => {
  /** A server that is up for a while; workers of each kind asked so many seconds ago. */
  function watched(asked: { workflow?: number; activity?: number }, stuck: RunRow[] = []) {
    const clock = fakeClock();
    const client = new Client({ connection: Connection.lazy({ address: '127.0.0.1:1' }) });
    const seconds = (ago: number) => ({ seconds: Math.floor(clock.now() / 1_000) - ago });
    Object.assign(client.workflowService, {
      describeTaskQueue: async ({ taskQueueType }: { taskQueueType: number }) => {
        const ago = asked[taskQueueType === 1 ? 'workflow' : 'activity'];
        return { pollers: ago === undefined ? [] : [{ lastAccessTime: seconds(ago) }] };
      },
    });
    Object.assign(client, { withDeadline: (_: unknown, call: () => Promise<unknown>) => call() });
    const { find } = workerUnhealthy({
      client,
      namespace: 'default',
      taskQueue: 'baton',
      store: { listStuckRuns: async () => stuck },
      limits,
      now: clock.now,
    });
    return { clock, find };
  }
  const key = ['baton/worker/NoWorker/all'];

  it.each([
    ['none is known', {}, key],
    ['all have asked long ago', { workflow: 200, activity: 200 }, key],
    ['none carries out activities', { workflow: 3, activity: 200 }, key],
    ['they ask', { workflow: 69, activity: 3 }, []],
  ])('where %s', async (_, asked, expected) => {
    const { clock, find } = watched(asked);
    expect(await keys(find)).toEqual(expected.length > 0 ? undefined : []);
    clock.pass(3_600);
    expect(await keys(find)).toEqual(expected);
  });

  it('is one trouble where runs stand still beside workers that take other things', async () => {
    const { find } = watched({ workflow: 3, activity: 3 }, [run('a', 'NoWorker'), run('b', 'NoWorker')]);
    expect(await find(signal)).toMatchObject([
      { key: key[0], summary: '2 runs stand still: it cannot', severity: 'critical' },
    ]);
  });
});

it('temporal.away says why, and what to check', async () => {
  const temporal = { up: false, reason: 'Temporal (UNAVAILABLE): it does not answer' };
  const { find } = temporalAway({ temporal, limits });
  expect(await find(signal)).toMatchObject([
    { key: 'baton/temporal/Away/all', summary: expect.stringContaining(temporal.reason) },
  ]);
  temporal.up = true;
  expect(await find(signal)).toEqual([]);
});

describe('inbox.behind', () => {
  it.each([
    [{ pending: 5_000, oldestSeconds: 60 }, []],
    [{ pending: 5_001, oldestSeconds: 1 }, ['baton/inbox/Backlog/all']],
    [{ pending: 1, oldestSeconds: 61 }, ['baton/inbox/Late/all']],
  ])('with %o', async (backlog, expected) => {
    const temporal = { up: true };
    const { find } = inboxBehind({ store: { backlog: async () => backlog }, temporal, limits });
    expect(await keys(find)).toEqual(expected);
    temporal.up = false;
    expect(await keys(find)).toBeUndefined();
  });
});

it('run.stuck is by workflow and reason, without those that no worker takes', async () => {
  const runs = [
    run('a', 'NonDeterminism'),
    run('b', 'NonDeterminism'),
    run('c', 'NonDeterminism', 'v'),
    run('d', 'NoWorker'),
  ];
  const { find } = runStuck({
    store: { listStuckRuns: async () => runs, findIncident: async () => undefined },
  });
  expect(await find(signal)).toMatchObject([
    {
      key: 'baton/w/RunStuck/NonDeterminism',
      summary: '2 runs of w stand still: it cannot',
      about: { run: 'a' },
    },
    { key: 'baton/v/RunStuck/NonDeterminism', summary: 'The run c stands still: it cannot' },
  ]);
});
