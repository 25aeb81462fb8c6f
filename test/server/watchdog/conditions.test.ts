import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RunRow } from '../../../domain/run.ts';
import { conditionNames } from '../../../server/watchdog/condition.ts';
import { inboxBehind } from '../../../server/watchdog/inbox.ts';
import { usualLimits as limits } from '../../../server/watchdog/limits.ts';
import { runStuck } from '../../../server/watchdog/stuck.ts';
import { temporalAway } from '../../../server/watchdog/temporal.ts';

const { signal } = new AbortController();
const keys = async (find: ReturnType<typeof temporalAway>['find']) =>
  (await find(signal))?.map(({ key }) => key);

it('the limits add up to less than two minutes', () => {
  const { round, unpolled, unpolledHeld, untaken, temporalAwayHeld, pendingFor, pendingHeld, scheduleLate } =
    limits;
  const { subscriptionRound, subscriptionHeld } = limits;
  expect(subscriptionHeld).toBeLessThan(subscriptionRound);
  for (const seconds of [
    2 * subscriptionRound,
    unpolled + unpolledHeld,
    untaken + unpolledHeld,
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
