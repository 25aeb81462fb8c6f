import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectClients } from '../../activities/clients.ts';
import { activities } from '../../activities/index.ts';
import { startStuckRuns } from '../../server/stuck-runs.ts';
import { startVersions } from '../../server/versions.ts';
import { raiseIncident, resolveAs } from '../../simulator/pagerduty.ts';
import { productionIncident } from '../../triggers/production-incident.ts';
import { bundleWorkflows } from '../../worker/bundle.ts';
import { buildIdOf } from '../../worker/version.ts';
import { type RunningWorker, startWorker, taskQueue } from '../../worker/worker.ts';
import { testAuthority } from '../authority.ts';
import { startTestTemporal, workflowBundle } from '../temporal.ts';
import { cardOf, eventually, startWorld, type World } from '../world.ts';

const shipped = workflowBundle();
const bundled = (name: string) =>
  bundleWorkflows(fileURLToPath(new URL(`../workflows/fixture/${name}.ts`, import.meta.url)));
const silent = { info() {}, warn() {}, error() {} } as never;

let world: World;
let versions: ReturnType<typeof startVersions>;
/** What was said of moved runs and current versions. */
const told: object[] = [];
const workers = new Set<RunningWorker>();
beforeAll(async () => {
  world = await startWorld({ triggers: [productionIncident], versions: true });
  workers.add(world.worker);
  versions = startVersions({
    client: world.temporal.client,
    namespace: 'default',
    taskQueue,
    log: { info: (line: object) => void told.push(line), warn: (line: object) => void told.push(line) },
    isOn: true,
    everyMilliseconds: 300,
  });
});
afterAll(async () => {
  await versions.stop();
  for (const worker of workers) await worker.stop();
  await world.close();
});

/** One more worker, beside those that run. */
async function deploy(
  bundle: { code: string },
  isVersioned = true,
  connection = world.temporal.nativeConnection,
): Promise<RunningWorker> {
  const worker = await startWorker({
    connection,
    namespace: 'default',
    bundle,
    store: world.store,
    activities,
    clients: connectClients(world.env),
    simulated: [],
    scrub: (text) => text,
    authority: testAuthority,
    versions: isVersioned,
  });
  workers.add(worker);
  return worker;
}
/** Ends all workers but these. */
async function leave(...kept: RunningWorker[]): Promise<void> {
  for (const worker of workers)
    if (!kept.includes(worker)) {
      workers.delete(worker);
      await worker.stop();
    }
}

const raise = (title: string) => raiseIncident(world.pagerDuty, { title, service: 'Checkout' });
/** Raises an incident whose run has done all that it does before it waits for the end. */
async function waiting(title: string): Promise<string> {
  const id = raise(title);
  await eventually('the card', () => cardOf(world.slack, id));
  await eventually('the note', () => notesOf(id).length > 0);
  return id;
}
const notesOf = (id: string) =>
  world.pagerDuty.world.notes.filter(({ incidentId }) => incidentId === id).map(({ content }) => content);
/** Resolves it; the policy then closes its issue, and waits for a day, as an incident can be opened again. */
async function resolve(id: string): Promise<void> {
  resolveAs(world.pagerDuty, id, 'PADALOP');
  await eventually(
    'the issue to be closed',
    () =>
      world.jira.world.issues.some(
        ({ fields, status }) => fields.labels.includes(`baton-${id}`) && status === 'Done',
      ),
    40_000,
  );
}
/** The build that brings the run on, whether it was moved there, and how many of its steps a worker could not follow. */
async function of(id: string) {
  const handle = world.temporal.client.workflow.getHandle(`production-incident/${id}`);
  const [{ raw }, { events }] = await Promise.all([handle.describe(), handle.fetchHistory()]);
  const info = raw.workflowExecutionInfo?.versioningInfo;
  return {
    build: info?.deploymentVersion?.buildId,
    moved: Boolean(info?.versioningOverride),
    failures: (events ?? []).filter((event) => event.workflowTaskFailedEventAttributes).length,
  };
}

describe('versions of the workers', () => {
  it('have ids that tell sources apart, and not where they lie', async () => {
    const again = await bundleWorkflows(fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)));
    expect(buildIdOf(again.code)).toBe(buildIdOf(shipped.code));
    expect(buildIdOf(again.code.replace(/sourceMappingURL=.*/, 'sourceMappingURL=other'))).toBe(
      buildIdOf(shipped.code),
    );
    expect(buildIdOf((await bundled('following')).code)).not.toBe(buildIdOf(shipped.code));
    expect(again.code.slice(0, again.code.lastIndexOf('\n//# sourceMappingURL'))).not.toContain(
      fileURLToPath(new URL('../..', import.meta.url)),
    );
  });

  it('in a rolling deploy, finish what they began; new runs go to the new one', async () => {
    const old = await waiting('Slow before the deploy');
    await deploy(await bundled('changed-policy'));
    const fresh = raise('Slow after it');
    await eventually('a step of the new code', () =>
      notesOf(fresh).some((note) => note.includes('The response begins.')),
    );
    await resolve(old);
    expect(await of(old)).toEqual({ build: buildIdOf(shipped.code), moved: false, failures: 0 });
    expect(told).toEqual([]);
  }, 60_000);

  it('get new runs again when the current one has gone in the middle of a deploy', async () => {
    await leave(world.worker);
    const run = await waiting('Slow while the new code is away');
    expect(await of(run)).toMatchObject({ build: buildIdOf(shipped.code) });
    expect(told).toMatchObject([{ now: buildIdOf(shipped.code) }]);
    await resolve(run);
  }, 60_000);

  it('pass their runs on to the current one when they have gone', async () => {
    const [one, other] = [await waiting('Slow over a deploy'), await waiting('Slow over it, too')];
    const following = await bundled('following');
    await leave(await deploy(following));
    // The first shows that nobody is there; the other is moved with it.
    await resolve(one);
    await eventually('the other to be moved', async () => (await of(other)).moved);
    await resolve(other);
    for (const id of [one, other])
      expect(await of(id)).toEqual({ build: buildIdOf(following.code), moved: true, failures: 0 });
  }, 60_000);

  it('stay the same in a restart of the same build, which moves no run', async () => {
    const following = await bundled('following');
    const run = await waiting('Slow over a restart');
    told.length = 0;
    await leave();
    await deploy(following);
    await resolve(run);
    expect(await of(run)).toEqual({ build: buildIdOf(following.code), moved: false, failures: 0 });
    expect(told).toEqual([]);
  }, 60_000);

  it('show a moved run that the new code cannot follow as one that stands still, until the earlier build is back', async () => {
    const following = await bundled('following');
    const run = await waiting('Slow over a bad deploy');
    await leave(await deploy(await bundled('changed-policy')));
    resolveAs(world.pagerDuty, run, 'PADALOP');
    const stuck = startStuckRuns({
      store: world.store,
      client: world.temporal.client,
      namespace: 'default',
      log: silent,
      everyMilliseconds: 200,
    });
    await eventually('the run to be counted', () => stuck.counts().NonDeterminism > 0, 40_000);
    expect(await world.run(`production-incident/${run}`)).toMatchObject({
      stuck: { reason: 'NonDeterminism' },
    });

    await leave(await deploy(following));
    await eventually('no mark', async () => !(await world.run(`production-incident/${run}`))?.stuck, 40_000);
    await resolve(run);
    expect(await of(run)).toMatchObject({ build: buildIdOf(following.code), moved: true });
    await stuck.stop();
  }, 120_000);

  it('are given up when they are switched off: new and old runs go to workers without one', async () => {
    const old = await waiting('Slow before they are off');
    await leave(await deploy(shipped, false));
    const fresh = await waiting('Slow after they are off');
    await resolve(old);
    await resolve(fresh);
    expect(await of(old)).toMatchObject({ build: undefined, failures: 0 });
    expect(await of(fresh)).toMatchObject({ build: undefined, moved: false, failures: 0 });
  }, 60_000);

  it('can be switched on again', async () => {
    const old = await waiting('Slow before they are on again');
    await leave(await deploy(shipped));
    await resolve(old);
    expect(await of(old)).toMatchObject({ build: buildIdOf(shipped.code), failures: 0 });
  }, 60_000);
});

describe('a Temporal that takes no versions', () => {
  it('lets no worker start that is to have one, and says why', async () => {
    const temporal = await startTestTemporal({ settings: ['system.enableDeploymentVersions=false'] });
    const connection = temporal.nativeConnection;
    await expect(deploy(shipped, true, connection)).rejects.toThrow('BATON_WORKER_VERSIONS');
    await temporal.teardown();
  }, 60_000);
});
