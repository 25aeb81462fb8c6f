import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStuckRuns } from '../../server/temporal/stuck-runs.ts';
import { resolveAs } from '../../simulator/pagerduty.ts';
import { buildIdOf } from '../../worker/version.ts';
import { taskQueue } from '../../worker/worker.ts';
import { startTestTemporal, workflowBundle } from '../temporal.ts';
import { bundleFixture, startVersionedWorld, type VersionedWorld } from '../versioned-world.ts';
import { eventually } from '../world.ts';

const shipped = workflowBundle();
const first = buildIdOf(shipped.code);
const following = await bundleFixture('following');
const changedPolicy = await bundleFixture('changed-policy');

describe('versions of the workers', () => {
  let baton: VersionedWorld;
  beforeAll(async () => {
    baton = await startVersionedWorld();
  });
  afterAll(() => baton.close());

  it('get new runs again when the current one has gone in the middle of a deploy', async () => {
    const { world, waiting, deploy, leave, resolve, of, told } = baton;
    await deploy(changedPolicy);
    await leave(world.worker);
    const run = await waiting('Slow while the new code is away');
    expect(await of(run)).toMatchObject({ build: first });
    expect(told).toMatchObject([{ now: first }]);
    await resolve(run);
  }, 60_000);

  it('pass their runs on to the current one when they have gone', async () => {
    const { waiting, deploy, leave, resolve, of } = baton;
    const [one, other] = [await waiting('Slow over a deploy'), await waiting('Slow over it, too')];
    await leave(await deploy(following));
    // The first shows that nobody is there; the other is moved with it.
    await resolve(one);
    await eventually('the other to be moved', async () => (await of(other)).moved);
    await resolve(other);
    for (const id of [one, other])
      expect(await of(id)).toEqual({ build: buildIdOf(following.code), moved: true, failures: 0 });
  }, 60_000);

  it('show a moved run that the new code cannot follow as one that stands still, until the earlier build is back', async () => {
    const { world, waiting, deploy, leave, resolve, of } = baton;
    const run = await waiting('Slow over a bad deploy');
    const mark = async () => (await world.run(`production-incident/${run}`))?.stuck?.reason;
    await leave(await deploy(changedPolicy));
    resolveAs(world.pagerDuty, run, 'PADALOP');
    const stuck = startStuckRuns({
      store: world.store,
      client: world.temporal.client,
      namespace: 'default',
      log: { info() {}, warn() {}, error() {} } as never,
      everyMilliseconds: 200,
    });
    await eventually('the mark', async () => (await mark()) === 'NonDeterminism', 60_000);

    await leave(await deploy(following));
    await eventually('no mark', async () => (await mark()) === undefined, 60_000);
    await resolve(run);
    expect(await of(run)).toMatchObject({ build: buildIdOf(following.code), moved: true });
    await stuck.stop();
  }, 180_000);

  it('are given up when they are switched off: new and old runs go to workers without one', async () => {
    const { waiting, deploy, leave, resolve, of } = baton;
    const old = await waiting('Slow before they are off');
    await leave(await deploy(shipped, false));
    const fresh = await waiting('Slow after they are off');
    await resolve(old);
    await resolve(fresh);
    expect(await of(old)).toMatchObject({ build: undefined, failures: 0 });
    expect(await of(fresh)).toEqual({ build: undefined, moved: false, failures: 0 });
  }, 60_000);

  it('can be switched on again', async () => {
    const { waiting, deploy, leave, resolve, of } = baton;
    const old = await waiting('Slow before they are on again');
    await leave(await deploy(shipped));
    await resolve(old);
    expect(await of(old)).toMatchObject({ build: first, failures: 0 });
  }, 60_000);
});

/** Temporal keeps 100 versions, and takes minutes to see that one has neither runs nor workers; here it keeps two, and takes seconds. */
const twoVersions = [
  'matching.maxVersionsInDeployment=2',
  'matching.wv.VersionDrainageStatusVisibilityGracePeriod="2s"',
  'matching.wv.VersionDrainageStatusRefreshInterval="1s"',
  'matching.PollerHistoryTTL="20s"',
];

describe('Temporal', () => {
  it('makes room for a new version by itself, as the runs of those without workers are moved', async () => {
    const temporal = await startTestTemporal({ settings: twoVersions });
    const { waiting, deploy, leave, resolve, of, close } = await startVersionedWorld(temporal);
    const service = temporal.client.workflowService;
    const run = await waiting('Slow over two deploys');
    await leave(await deploy(following));
    await resolve(run);
    expect((await of(run)).moved).toBe(true);
    await eventually(
      'Temporal to forget the first worker',
      async () => {
        const queue = { namespace: 'default', taskQueue: { name: taskQueue }, taskQueueType: 1 };
        const { pollers } = await service.describeTaskQueue(queue);
        return !pollers?.some(({ deploymentOptions }) => deploymentOptions?.buildId === first);
      },
      60_000,
    );
    await deploy(changedPolicy);
    const { workerDeploymentInfo } = await service.describeWorkerDeployment({
      namespace: 'default',
      deploymentName: taskQueue,
    });
    const known = workerDeploymentInfo?.versionSummaries?.map(
      ({ deploymentVersion }) => deploymentVersion?.buildId,
    );
    expect(known?.sort()).toEqual([following, changedPolicy].map(({ code }) => buildIdOf(code)).sort());
    await close();
    await temporal.teardown();
  }, 150_000);
});
