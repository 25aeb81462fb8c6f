import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import type { RunRow } from '../../../domain/run.ts';
import { createLog } from '../../../log/log.ts';
import { type Condition, type ConditionName, conditionNames } from '../../../server/watchdog/condition.ts';
import { heartbeatMissed } from '../../../server/watchdog/heartbeats.ts';
import { inboxBehind } from '../../../server/watchdog/inbox.ts';
import { usualLimits as limits } from '../../../server/watchdog/limits.ts';
import { runsOverdue } from '../../../server/watchdog/overdue.ts';
import { scheduleMissed } from '../../../server/watchdog/schedules.ts';
import { runStuck } from '../../../server/watchdog/stuck.ts';
import { subscriberUntold } from '../../../server/watchdog/subscribers.ts';
import { subscriptionDisabled } from '../../../server/watchdog/subscriptions.ts';
import { temporalAway } from '../../../server/watchdog/temporal.ts';
import { workerUnhealthy } from '../../../server/watchdog/workers.ts';
import { defineTrigger } from '../../../triggers/trigger.ts';
import { embeddedWorld } from '../../store/world.ts';
import { fakeClock, fakePager, watchdogOn } from './watching.ts';

const work = async (_: string) => {};
const root = join(import.meta.dirname, '../../..');
const silent = createLog((text) => text, { level: 'silent' });
const run: RunRow = {
  id: 'nightly/1',
  trigger: 'nightly',
  workflow: 'work',
  target: 'x',
  eventSeq: 1,
  state: 'running',
  createdAt: '2026-11-26T01:00:00.000Z',
};
const trigger = defineTrigger({
  name: 'nightly',
  on: 'schedule.nightly',
  when: 'always',
  run: work,
  input: ({ scheduledAt }) => scheduledAt,
  schedule: { cron: '0 1 * * *' },
  finishWithin: '1 hour',
});

/** What can be wrong and be mended again. */
interface Wrong {
  is: boolean;
}
type Clock = ReturnType<typeof fakeClock>;

/** Each condition where something of its own is wrong as long as it is. */
const conditions: Record<ConditionName, (wrong: Wrong, clock: Clock) => Condition> = {
  'worker.unhealthy': (wrong, { now }) => {
    const client = new Client({ connection: Connection.lazy({ address: '127.0.0.1:1' }) });
    const seconds = () => Math.floor(now() / 1_000) - (wrong.is ? 900 : 1);
    Object.assign(client.workflowService, {
      describeTaskQueue: async () => ({ pollers: [{ lastAccessTime: { seconds: seconds() } }] }),
      listTaskQueuePartitions: async () => ({}),
    });
    Object.assign(client, { withDeadline: (_: unknown, call: () => Promise<unknown>) => call() });
    const store = { listStuckRuns: async () => [] };
    const queue = { namespace: 'default', taskQueue: 'baton', workersExpected: 1 };
    return workerUnhealthy({ client, ...queue, store, limits, now });
  },
  'temporal.away': (wrong) =>
    temporalAway({
      temporal: {
        get up() {
          return !wrong.is;
        },
        reason: 'it does not answer',
      },
      limits,
    }),
  'inbox.behind': (wrong) =>
    inboxBehind({
      store: { backlog: async () => ({ pending: wrong.is ? 9_000 : 1, oldestSeconds: wrong.is ? 90 : 0 }) },
      temporal: { up: true },
      limits,
    }),
  'run.stuck': (wrong) => {
    const stuck = { reason: 'NonDeterminism' as const, message: 'it cannot', since: run.createdAt };
    return runStuck({
      store: {
        listStuckRuns: async () => (wrong.is ? [{ ...run, stuck }] : []),
        findIncident: async () => undefined,
      },
    });
  },
  'run.overdue': (wrong) =>
    runsOverdue({
      store: { overdueRuns: async () => (wrong.is ? [{ run, isTold: true }] : []), tell: async () => true },
      client: new Client({ connection: Connection.lazy({ address: '127.0.0.1:1' }) }),
      triggers: [trigger],
      pages: [],
      log: silent,
    }),
  'schedule.missed': (wrong, { now }) =>
    scheduleMissed({
      store: {
        keepSchedules: async (all) =>
          all.map((each) => ({
            ...each,
            since: '2026-11-01T00:00:00.000Z',
            ...(wrong.is ? {} : { lastAt: '2026-11-26T01:00:00Z' }),
          })),
      },
      triggers: [trigger],
      temporal: { up: true },
      limits,
      now,
    }),
  'heartbeat.missed': (wrong, { now }) =>
    heartbeatMissed({
      store: {
        keepHeartbeats: async (all) => all.map((each) => ({ ...each, silentSeconds: wrong.is ? 90 : 1 })),
      },
      heartbeats: [{ source: 'backup', everySeconds: 60 }],
      limits,
      now,
    }),
  'subscription.disabled': (wrong, { now }) =>
    subscriptionDisabled({
      subscriptions: {
        list: async () => [
          { id: 'P1', url: 'https://b.example.com/webhooks/pagerduty', active: !wrong.is, disabled: false },
        ],
        enable: async () => {},
      },
      accounts: async () => ['default'],
      takesWebhooks: async () => true,
      publicUrl: 'https://b.example.com',
      isPulled: false,
      store: {
        append: async () => {},
        leaveGap: async () => {},
        lastReceivedAt: async () => undefined,
      },
      limits,
      log: silent,
      now,
    }),
  'subscriber.untold': (wrong) =>
    subscriberUntold({
      store: {
        untoldSubscribers: async () =>
          wrong.is
            ? [{ name: 'board', stopped: { at: '2026-11-26T01:00:00Z', because: 'it answered 410' } }]
            : [],
      },
      told: [],
    }),
};

describe('each alert that can be raised can be resolved', () => {
  it.each(conditionNames)('%s', async (name) => {
    const database = await embeddedWorld();
    const store = database.newStore();
    const clock = fakeClock();
    const wrong = { is: true };
    const pager = fakePager();
    const condition = conditions[name](wrong, clock);
    clock.pass(3_600);
    const { watchdog } = watchdogOn(store, [{ ...condition, every: 0 }], pager, clock);
    await expect.poll(async () => (await store.listWatched()).length).toBeGreaterThan(0);
    clock.pass(120);
    await expect.poll(() => pager.open.size).toBeGreaterThan(0);
    await expect
      .poll(async () => (await store.listWatched()).every(({ stage }) => stage === 'paged'))
      .toBe(true);
    wrong.is = false;
    await expect
      .poll(async () => (await store.listWatched()).every(({ overSince }) => overSince !== undefined))
      .toBe(true);
    clock.pass(60);
    await expect.poll(() => store.listWatched()).toEqual([]);
    expect(pager.open.size).toBe(0);
    await watchdog.stop();
    await database.close();
  });

  it('where a workflow raises it', () => {
    const sources = globSync('workflows/**/*.ts', { cwd: root })
      .filter((file) => file !== 'workflows/kit/alerts.ts')
      .map((file) => [file, readFileSync(join(root, file), 'utf8')] as const);
    const raising = sources.filter(([, code]) => /\braiseAlert\(|raisePagerDutyAlert\(/.test(code));
    expect(raising.length).toBeGreaterThan(0);
    for (const [file, code] of raising) expect([file, /\bresolveAlert\(/.test(code)]).toEqual([file, true]);
  });

  it('in each of the few places that send one: another one has to be added here, with what takes it back', () => {
    const places: Record<string, string[]> = {
      // The event itself. What raises it is below.
      'activities/pagerduty/raise-alert.ts': ["inverse: { activity: 'resolvePagerDutyAlert' }"],
      'activities/pagerduty/test-events.ts': ["event_action: 'resolve'"],
      'workflows/kit/alerts.ts': ['steps.resolvePagerDutyAlert('],
      // Only the name, by which a drill is known.
      'domain/drill.ts': [],
      // The watchdog's, whose conditions are above.
      'processes/direct.ts': ["'resolvePagerDutyAlert'"],
      'workflows/drill.ts': ['resolveAlert('],
      'workflows/page-for-run.ts': ['await pages.resolve()', 'resolveAlert('],
      'workflows/deployment-failed.ts': ['resolveAlert(', 'steps.resolvePagerDutyAlert('],
      'workflows/follow-job.ts': ['resolveAlert('],
      'workflows/mirror-alert.ts': ['resolveAlert(', 'steps.resolvePagerDutyAlert('],
    };
    const sending =
      /event_action: 'trigger'|(?<!activity: )'raisePagerDutyAlert'|\braisePagerDutyAlert\(|\braiseAlert\(/;
    const folders = 'activities,cli,domain,processes,secrets,server,store,triggers,worker,workflows';
    const found = globSync(`{${folders},docs/examples}/**/*.ts`, { cwd: root })
      .map((file) => [file, readFileSync(join(root, file), 'utf8')] as const)
      .filter(([, code]) => sending.test(code));
    expect(found.map(([file]) => file).sort()).toEqual(Object.keys(places).sort());
    for (const [file, code] of found)
      for (const way of places[file] ?? [])
        expect([file, way, code.includes(way)]).toEqual([file, way, true]);
  });

  it('and no workflow raises one under a key that is the same for all targets', () => {
    const text = /'[^']*'|"[^"]*"|`(?:[^`$]|\$(?!\{))*`/.source;
    const constant = new RegExp(
      `dedupKey:\\s*(?:${text})\\s*[,}\\n]|keyOf\\(\\s*(?:${text})(?:\\s*,\\s*(?:${text}))*\\s*,?\\s*\\)`,
    );
    for (const wrong of ["{ dedupKey: 'disk' }", "keyOf('baton', 'disk')", 'dedupKey: `disk`,'])
      expect([wrong, constant.test(wrong)]).toEqual([wrong, true]);
    for (const right of ["keyOf('baton', host)", 'dedupKey: alertKey(failure),'])
      expect([right, constant.test(right)]).toEqual([right, false]);
    const files = globSync('{workflows,docs/examples/workflows}/**/*.ts', { cwd: root });
    const found = files.filter((file) => constant.test(readFileSync(join(root, file), 'utf8')));
    expect(found).toEqual([]);
  });
});
