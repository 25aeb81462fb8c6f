import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { connectClients } from '../../activities/clients.ts';
import { activities } from '../../activities/index.ts';
import { startVersions } from '../../server/versions.ts';
import { raiseIncident, resolveAs } from '../../simulator/pagerduty.ts';
import { productionIncident } from '../../triggers/production-incident.ts';
import { bundleWorkflows } from '../../worker/bundle.ts';
import { buildIdOf } from '../../worker/version.ts';
import { startWorker, taskQueue } from '../../worker/worker.ts';
import { testAuthority } from '../authority.ts';
import { startTestTemporal, workflowBundle } from '../temporal.ts';
import { eventually, startWorld } from '../world.ts';

/** Temporal keeps 100 versions, and takes minutes to see that one has neither runs nor workers; here it keeps two, and takes seconds. */
const settings = [
  'matching.maxVersionsInDeployment=2',
  'matching.wv.VersionDrainageStatusVisibilityGracePeriod="2s"',
  'matching.wv.VersionDrainageStatusRefreshInterval="1s"',
  'matching.PollerHistoryTTL="20s"',
];

it('Temporal makes room for a new version by itself, as the runs of those without workers are moved', async () => {
  const temporal = await startTestTemporal({ settings });
  const world = await startWorld({ triggers: [productionIncident], temporal, versions: true });
  const { client } = temporal;
  const silent = { info() {}, warn() {} };
  const versions = startVersions({
    client,
    namespace: 'default',
    taskQueue,
    log: silent,
    isOn: true,
    everyMilliseconds: 300,
  });
  const deploy = async (name: string) => {
    const bundle = await bundleWorkflows(
      fileURLToPath(new URL(`../workflows/fixture/${name}.ts`, import.meta.url)),
    );
    const worker = await startWorker({
      connection: temporal.nativeConnection,
      namespace: 'default',
      bundle,
      store: world.store,
      activities,
      clients: connectClients(world.env),
      simulated: [],
      scrub: (text) => text,
      authority: testAuthority,
      versions: true,
    });
    return { build: buildIdOf(bundle.code), stop: worker.stop };
  };
  const known = async () =>
    (
      await client.workflowService.describeWorkerDeployment({
        namespace: 'default',
        deploymentName: taskQueue,
      })
    ).workerDeploymentInfo?.versionSummaries?.map(({ deploymentVersion }) => deploymentVersion?.buildId);

  const id = raiseIncident(world.pagerDuty, { title: 'Slow over two deploys', service: 'Checkout' });
  await eventually('the note', () => world.pagerDuty.world.notes.some(({ incidentId }) => incidentId === id));
  const second = await deploy('following');
  await world.worker.stop();
  // Its next step waits, which shows that nobody is there.
  resolveAs(world.pagerDuty, id, 'PADALOP');
  const run = client.workflow.getHandle(`production-incident/${id}`);
  await eventually('the run to be moved', async () => {
    const { raw } = await run.describe();
    return raw.workflowExecutionInfo?.versioningInfo?.versioningOverride;
  });
  const first = buildIdOf(workflowBundle().code);
  await eventually(
    'Temporal to forget the first worker',
    async () => {
      const queue = { namespace: 'default', taskQueue: { name: taskQueue }, taskQueueType: 1 };
      const { pollers } = await client.workflowService.describeTaskQueue(queue);
      return !pollers?.some(({ deploymentOptions }) => deploymentOptions?.buildId === first);
    },
    40_000,
  );
  const third = await deploy('changed-policy');
  expect((await known())?.sort()).toEqual([second.build, third.build].sort());

  await second.stop();
  await third.stop();
  await versions.stop();
  await world.close();
  await temporal.teardown();
}, 150_000);
