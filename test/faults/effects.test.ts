import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WorkflowFailedError } from '@temporalio/client';
import { ActivityFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { activities } from '../../activities/index.ts';
import { impair, restedInstance } from '../../simulator/ec2.ts';
import { raiseIncident } from '../../simulator/pagerduty.ts';
import { startWorker, taskQueue } from '../../worker/worker.ts';
import { signedMemo, testAuthority } from '../authority.ts';
import { clientsFor } from '../clients.ts';
import { bundleOf, startTestTemporal } from '../temporal.ts';
import { eventually, startWorld, type World } from '../world.ts';

const bundle = await bundleOf(fileURLToPath(new URL('../worker/runs.ts', import.meta.url)));

let folder: string;
let temporal: TestWorkflowEnvironment;
let world: World;
const file = () => join(folder, 'temporal.db');
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-effects-'));
  temporal = await startTestTemporal({ dbFilename: file() });
  world = await startWorld({ bundle, temporal, triggers: [] });
});
afterAll(async () => {
  await world.close();
  await temporal.teardown();
  await rm(folder, { recursive: true, force: true });
});

let count = 0;
async function start(workflow: string, input: unknown) {
  count += 1;
  const workflowId = `${workflow}/${count}`;
  const memo = signedMemo({ workflowId, workflow, input });
  return temporal.client.workflow.start(workflow, { workflowId, taskQueue, args: [input], memo });
}

/** An instance that nobody has rebooted, which fails its checks. */
function freshInstance(): string {
  const id = restedInstance(world.ec2);
  impair(world.ec2, id);
  // Taken, as far as the next test is concerned.
  world.ec2.ledger.push({ effect: 'instance impaired', target: id, at: new Date().toISOString() } as never);
  return id;
}
const effectsOn = (target: string) =>
  [...world.ec2.ledger, ...world.pagerDuty.ledger]
    .filter((each) => each.target === target && each.effect !== 'instance impaired')
    .map(({ effect }) => effect);
const completed = async (runId: string, activity: string) =>
  (await world.record(runId)).filter(
    ({ action, detail }) => action === 'activity.completed' && detail.activity === activity,
  ).length;
const failureOf = (error: unknown) =>
  error instanceof WorkflowFailedError && error.cause instanceof ActivityFailure ? error.cause.cause : error;
const reasonOf = (run: { result(): Promise<unknown> }) => run.result().then(() => undefined, failureOf);

/** A run that has made its changes, after a read that was tried twice: Temporal's numbers are then other ones than without. */
async function actedRun() {
  const instance = freshInstance();
  const incidentId = raiseIncident(world.pagerDuty, { title: 'Slow', service: 'Checkout' });
  const input = { incidentId, instance };
  const run = await start('rebootAndTell', input);
  await eventually('the first read', () => completed(run.workflowId, 'readPagerDutyIncident'));
  return { run, instance, incidentId };
}

async function letAct(run: { workflowId: string; signal(name: string): Promise<void> }) {
  world.pagerDuty.fail({ kind: 'status', status: 503, match: '/alerts' });
  await run.signal('goOn');
  await eventually('the note', () => completed(run.workflowId, 'addPagerDutyNote'));
}

function expectOnce({ instance, incidentId }: { instance: string; incidentId: string }) {
  expect(effectsOn(instance)).toEqual(['instance rebooted']);
  const told = effectsOn(incidentId).filter((effect) => effect !== 'incident triggered');
  expect(told.toSorted()).toEqual(['incident acknowledged', 'note added']);
}

describe('a run that lost part of its history', () => {
  it('makes nothing a second time after a reset, and each activity gets its own result', async () => {
    const acted = await actedRun();
    const { run } = acted;
    await letAct(run);
    const { runId: first } = await run.describe();
    await temporal.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: run.workflowId, runId: first },
      workflowTaskFinishEventId: 4 as never,
      requestId: randomUUID(),
      reason: 'a test',
    });
    const again = temporal.client.workflow.getHandle(run.workflowId);
    await again.signal('goOn');
    await again.signal('goOn');
    expect(await again.result()).toMatchObject({
      reboot: { changed: true, adopted: false },
      acknowledged: 'acknowledged',
      note: { changed: true },
    });
    expectOnce(acted);
  });

  it('makes nothing a second time when Temporal has lost the end of it', async () => {
    const acted = await actedRun();
    await world.worker.stop();
    await temporal.teardown();
    const kept = join(folder, 'kept');
    const copy = async (from: string, to: string) => {
      for (const end of ['', '-wal', '-shm']) {
        await rm(`${to}${end}`, { force: true });
        await cp(`${from}${end}`, `${to}${end}`).catch(() => undefined);
      }
    };
    await copy(file(), kept);
    const options = {
      namespace: 'default',
      bundle,
      store: world.store,
      activities,
      clients: clientsFor(world.env),
      authority: testAuthority,
      simulated: [],
      scrub: (text: string) => text,
    };
    const resume = async () => {
      temporal = await startTestTemporal({ dbFilename: file() });
      const worker = await startWorker({ ...options, connection: temporal.nativeConnection });
      return { worker, run: temporal.client.workflow.getHandle(acted.run.workflowId) };
    };
    const before = await resume();
    await letAct(before.run);
    await before.worker.stop();
    await temporal.teardown();
    await copy(kept, file());

    const after = await resume();
    await after.run.signal('goOn');
    await after.run.signal('goOn');
    expect(await after.run.result()).toMatchObject({
      reboot: { changed: true },
      acknowledged: 'acknowledged',
      note: { changed: true },
    });
    expectOnce(acted);
    world.worker = after.worker;
  });
});

describe('several runs on one target', () => {
  it('reboot it once, however many come at the same moment, and the others are told by whom and until when', async () => {
    const instance = freshInstance();
    const runs = await Promise.all([1, 2, 3].map(() => start('rebootAll', [instance])));
    const failures = (await Promise.all(runs.map(reasonOf))).filter((failure) => failure !== undefined);
    expect(effectsOn(instance)).toEqual(['instance rebooted']);
    expect(failures).toHaveLength(2);
    for (const failure of failures)
      expect(failure).toMatchObject({
        type: 'Held',
        nonRetryable: true,
        message: expect.stringMatching(
          new RegExp(
            `^${instance} was changed by rebootAll/\\d+ .*ago; the next such change may be made after 2\\d{3}-.*Z$`,
          ),
        ),
      });
    const rows = (await Promise.all(runs.map(({ workflowId }) => world.record(workflowId)))).flat();
    expect(rows.filter(({ action }) => action === 'activity.refused')).toHaveLength(2);
  });

  it('see each other also by their second targets, and after one of unknown outcome', async () => {
    const [one, two, three] = [freshInstance(), freshInstance(), freshInstance()];
    world.ec2.fail({ kind: 'cut-after', match: 'RebootInstances' });
    await reasonOf(await start('rebootAll', [one, two]));
    const next = await reasonOf(await start('rebootAll', [two, three]));
    expect(next).toMatchObject({ type: 'Held' });
    expect(effectsOn(two)).toHaveLength(1);
    expect(effectsOn(three)).toEqual([]);
  });

  it('and one run may not reboot it twice either, but stop and start it', async () => {
    const instance = freshInstance();
    expect(await reasonOf(await start('rebootTwice', [instance]))).toMatchObject({ type: 'Held' });
    expect(effectsOn(instance)).toEqual(['instance rebooted']);
    const other = freshInstance();
    expect(await reasonOf(await start('stopThenStart', [other]))).toBeUndefined();
    expect(effectsOn(other)).toEqual(['instance stopped', 'instance started']);
  });
});

describe('a change that is under way when its run is to end', () => {
  it('is made to its end, and the run waits for it', async () => {
    const instance = freshInstance();
    world.ec2.fail({ kind: 'delay', ms: 1_500, match: 'RebootInstances' });
    const run = await start('rebootAll', [instance]);
    const asked = () =>
      world.ec2.calls.some(({ body }) => body.includes('RebootInstances') && body.includes(instance));
    await eventually('the reboot to be asked for', asked);
    await run.cancel();
    await reasonOf(run);
    expect(effectsOn(instance)).toEqual(['instance rebooted']);
    expect(await completed(run.workflowId, 'rebootEc2Instances')).toBe(1);
  });
});

describe('a target that another change holds', () => {
  it('is waited for, for as long as that one can hold it', async () => {
    const instance = freshInstance();
    const holder = {
      key: 'holder',
      runId: 'holder/1',
      activity: 'startEc2Instances',
      digest: 'none',
      targets: [`ec2:${instance}`],
      provider: 'ec2',
      workflow: 'w',
      causes: [],
      actor: { kind: 'trigger' as const, name: 'none' },
      entry: {
        at: new Date().toISOString(),
        actor: 'none',
        via: 'worker',
        action: 'activity.intended' as const,
        subject: 'holder/1',
        detail: { run: 'holder/1', activity: 'holder', kind: 'change' as const, key: 'holder', attempt: 1 },
      },
    };
    await world.store.intend(holder);
    const run = await start('rebootAll', [instance]);
    await eventually('attempt 5', async () => {
      const { raw } = await run.describe();
      return (raw.pendingActivities ?? []).some(({ attempt }) => (attempt ?? 0) >= 5);
    });
    await world.store.conclude({ ...holder, attempt: 1, state: 'done', changed: true });
    expect(await run.result()).toBe(true);
  });
});
