import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { resolveAs, simulatedWebhookSecret } from '../../simulator/pagerduty.ts';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/store.ts';
import { buildIdOf } from '../../worker/version.ts';
import { ledgersOf, violations } from '../check.ts';
import { raiseApart } from '../fixtures/raise-apart.ts';
import { startPostgres, type TestPostgres } from '../store/postgres.ts';
import { bundleOf, startTestTemporal } from '../temporal.ts';
import { eventually, type Providers, startProviders } from '../world.ts';
import { type BatonProcess, startBaton } from './process.ts';
import { untilAtRest } from './rest.ts';
import { startTap, type Tap } from './sender.ts';

const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const program = pathOf('./other-workflows.ts');
const shipped = pathOf('../../workflows/index.ts');
/** Another build, with the same workflows in it. */
const changed = pathOf('../workflows/fixture/another-build.ts');

const postgres: TestPostgres | undefined = await startPostgres();

describe.skipIf(!postgres)('workers that have versions', () => {
  let folder: string;
  let temporal: TestWorkflowEnvironment;
  let providers: Providers;
  let store: Store;
  let server: BatonProcess;
  let tap: Tap;
  const workers: BatonProcess[] = [];
  const raised: string[] = [];
  let loading = true;
  let shippedBuild: string;
  let changedBuild: string;

  beforeAll(async () => {
    shippedBuild = buildIdOf((await bundleOf(shipped)).code);
    changedBuild = buildIdOf((await bundleOf(changed)).code);
    folder = await mkdtemp(join(tmpdir(), 'baton-rolling-'));
    temporal = await startTestTemporal();
    providers = await startProviders(folder);
    store = await openStore({ databaseUrl: postgres?.url, dataDir: folder });
    server = await start('server', shipped);
    tap = await startTap(() => server.url);
    const url = `${tap.url}/webhooks/pagerduty`;
    providers.pagerDuty.world.subscriptions.push({ url, secret: simulatedWebhookSecret });
  });
  afterAll(async () => {
    await server.kill('SIGKILL');
    await store.close();
    await providers.close();
    await tap.close();
    await temporal.teardown();
    await postgres?.stop();
    await rm(folder, { recursive: true });
  });

  afterEach(async () => {
    loading = false;
    await Promise.all(workers.splice(0).map((worker) => worker.kill('SIGKILL')));
  });

  async function start(command: 'server' | 'worker', workflows: string): Promise<BatonProcess> {
    const dataDir = await mkdtemp(join(folder, `${command}-`));
    const env = {
      ...providers.env,
      BATON_SECRET_KEY: 'the secret key of this test',
      BATON_DATA_DIR: dataDir,
      DATABASE_URL: postgres?.url ?? '',
      TEMPORAL_ADDRESS: temporal.address,
      BATON_WORKER_VERSIONS: '1',
      // A server pages for runs that a slow machine holds up, which is no effect of a run.
      ...(command === 'server' ? { PAGERDUTY_ROUTING_KEY: '' } : {}),
    };
    return startBaton(env, undefined, [program, workflows, command]);
  }
  async function startWorker(workflows: string): Promise<BatonProcess> {
    const worker = await start('worker', workflows);
    workers.push(worker);
    return worker;
  }

  const raise = () => {
    const id = raiseApart(providers.pagerDuty, 'Search is down');
    raised.push(id);
    return id;
  };
  const isNoted = (id: string) => providers.pagerDuty.world.notes.some(({ incidentId }) => incidentId === id);
  const isClosed = (id: string) =>
    providers.jira.world.issues.some(
      ({ fields, status }) => fields.labels.includes(`baton-${id}`) && status === 'Done',
    );
  async function current(): Promise<string | null | undefined> {
    try {
      const { workerDeploymentInfo } = await temporal.client.workflowService.describeWorkerDeployment({
        namespace: 'default',
        deploymentName: 'baton',
      });
      return workerDeploymentInfo?.routingConfig?.currentDeploymentVersion?.buildId;
    } catch {
      // No worker has asked for work yet.
      return undefined;
    }
  }

  /** An earlier test may have left the other one. */
  const untilCurrent = (build: string) =>
    eventually(`${build} to be current`, async () => (await current()) === build);

  async function of(id: string) {
    const handle = temporal.client.workflow.getHandle(`production-incident/${id}`);
    const [{ raw }, { events = [] }] = await Promise.all([handle.describe(), handle.fetchHistory()]);
    const builds = (events ?? []).map(
      ({ workflowTaskCompletedEventAttributes: done }) => done?.deploymentVersion?.buildId,
    );
    return {
      /** The builds that brought it on, without repetitions. */
      builds: builds.filter((build, place) => build && builds.indexOf(build) === place),
      isMoved: Boolean(raw.workflowExecutionInfo?.versioningInfo?.versioningOverride),
      failures: (events ?? []).filter((event) => event.workflowTaskFailedEventAttributes).length,
    };
  }

  it('are replaced and brought back under load: no run is bounced or lost, and each effect is made once', async () => {
    const first = await startWorker(shipped);
    await untilCurrent(shippedBuild);
    const load = (async () => {
      while (loading) {
        raise();
        await pause(1_200);
      }
    })();
    const inFull = (from: number) =>
      eventually('some runs to be under way', () => raised.slice(from).filter(isNoted).length >= 3, 60_000);
    await inFull(0);
    const second = await startWorker(changed);
    await untilCurrent(changedBuild);
    await inFull(raised.length);
    // Both versions have workers, and each finishes its own.
    const early = raised[0] ?? '';
    resolveAs(providers.pagerDuty, early, 'PADALOP');
    await eventually('an old run to come to its end', () => isClosed(early), 60_000);
    expect(await of(early)).toEqual({ builds: [shippedBuild], isMoved: false, failures: 0 });
    expect(await first.kill('SIGTERM')).toBe(0);
    await inFull(raised.length);

    const back = await startWorker(shipped);
    await untilCurrent(shippedBuild);
    expect(await second.kill('SIGTERM')).toBe(0);
    await inFull(raised.length);
    loading = false;
    await load;
    await eventually('each incident to have its note', () => raised.every(isNoted), 60_000);
    for (const id of raised) resolveAs(providers.pagerDuty, id, 'PADALOP');
    await eventually('each issue to be closed', () => raised.every(isClosed), 120_000);

    const runs = await Promise.all(raised.map(of));
    expect(runs.filter(({ failures }) => failures > 0)).toEqual([]);
    // None went to a build and away from it while it had workers: at most from one to the other, and back with the rollback.
    const ways = new Set(
      runs.map(({ builds }) => builds.map((build) => (build === shippedBuild ? 'old' : 'new')).join(' ')),
    );
    expect([...ways].filter((way) => !['old', 'new', 'old new', 'new old'].includes(way))).toEqual([]);
    expect(runs.some(({ builds }) => builds[0] === changedBuild)).toBe(true);
    expect(runs.some(({ isMoved }) => isMoved)).toBe(true);
    await untilAtRest({ url: server.url, client: temporal.client, providers });
    expect(await violations({ store, ledgers: ledgersOf(providers), sent: tap.sent })).toEqual([]);
    console.info(`${raised.length} runs, ${runs.filter(({ isMoved }) => isMoved).length} of them moved`);
    expect(await back.kill('SIGTERM')).toBe(0);
  }, 300_000);

  it('are killed, all of an old build, and say nothing: its runs go on with the new one once something has waited', async () => {
    const old = await startWorker(shipped);
    await untilCurrent(shippedBuild);
    const idle = raise();
    await eventually('its note', () => isNoted(idle), 60_000);
    await startWorker(changed);
    await untilCurrent(changedBuild);
    await old.kill('SIGKILL');
    resolveAs(providers.pagerDuty, idle, 'PADALOP');
    // Sooner than Temporal forgets who asked for work, which takes more than a minute.
    await eventually('its issue to be closed', () => isClosed(idle), 45_000);
    expect(await of(idle)).toMatchObject({ isMoved: true, failures: 0 });
    await untilAtRest({ url: server.url, client: temporal.client, providers });
    expect(await violations({ store, ledgers: ledgersOf(providers), sent: tap.sent })).toEqual([]);
  }, 180_000);

  it('are killed in the middle of an activity: it is made once, by the new build', async () => {
    const old = await startWorker(shipped);
    await untilCurrent(shippedBuild);
    const run = raise();
    await eventually('its room', () =>
      providers.slack.world.channels.some(({ purpose }) => purpose.includes(run)),
    );
    await old.kill('SIGKILL');
    expect(isNoted(run)).toBe(false);
    await startWorker(changed);
    await untilCurrent(changedBuild);
    await eventually('its note', () => isNoted(run), 45_000);
    expect(await of(run)).toMatchObject({ isMoved: true, failures: 0 });
    await untilAtRest({ url: server.url, client: temporal.client, providers });
    expect(await violations({ store, ledgers: ledgersOf(providers), sent: tap.sent })).toEqual([]);
  }, 180_000);
});
