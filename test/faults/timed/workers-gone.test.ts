import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anyFreePort } from '../../../processes/ports.ts';
import { pollersOf } from '../../../server/temporal/pollers.ts';
import { raiseIncident, simulatedWebhookSecret } from '../../../simulator/pagerduty.ts';
import { openStore } from '../../../store/open.ts';
import type { Store } from '../../../store/store.ts';
import { taskQueue } from '../../../worker/worker.ts';
import { testKeys } from '../../authority.ts';
import { startPostgres } from '../../store/postgres.ts';
import { startTestTemporal } from '../../temporal.ts';
import { eventually, type Providers, startProviders } from '../../world.ts';
import { type BatonProcess, startBaton } from '../process.ts';

const program = join(import.meta.dirname, '../../../baton.ts');
const quickServer = join(import.meta.dirname, 'quick-server.ts');
const postgres = await startPostgres();
/** Twenty minutes are one. */
const timeScale = 20;
const outageMilliseconds = (20 * 60_000) / timeScale;
const key = 'baton/worker/NoWorker/all';

describe.skipIf(!postgres)('when all workers have gone', () => {
  let temporal: TestWorkflowEnvironment;
  let providers: Providers;
  let server: BatonProcess | undefined;
  let store: Store;
  const folder = mkdtempSync(join(tmpdir(), 'baton-workers-'));
  const ends: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    // An idle worker asks anew when its question has stood for a minute: here, for two seconds.
    temporal = await startTestTemporal({ settings: ['matching.longPollExpirationInterval="2s"'] });
    providers = await startProviders(folder);
    store = await openStore({ databaseUrl: postgres?.url, dataDir: folder });
  });
  afterAll(async () => {
    for (const end of ends) await end();
    await server?.kill('SIGKILL');
    await store.close();
    await providers.close();
    await temporal.teardown();
    await postgres?.stop();
    rmSync(folder, { recursive: true });
  });

  /** `baton worker` as a process of its own, once it can work. */
  async function startWorkerProcess() {
    const port = await anyFreePort('127.0.0.1');
    const child = spawn(process.execPath, [program, 'worker'], {
      stdio: 'ignore',
      env: {
        PATH: process.env.PATH,
        ...providers.env,
        HOME: folder,
        PORT: String(port),
        DATABASE_URL: postgres?.url,
        BATON_SECRET_KEY: testKeys.secretKey,
        TEMPORAL_ADDRESS: temporal.address,
        BATON_DATA_DIR: folder,
      },
    });
    const exit = new Promise((ended) => child.once('exit', ended));
    const kill = () => {
      child.kill('SIGKILL');
      return exit;
    };
    ends.push(kill);
    await eventually(
      'the worker',
      async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.ok,
      40_000,
    );
    return kill;
  }
  /** After the workers: at the usual speed it waits for a minute for those that come after it. */
  async function startQuickServer() {
    await eventually(
      'the workers to ask for work',
      async () => {
        const pollers = await pollersOf(temporal.client, 'default', taskQueue);
        return ['workflow', 'activity'].every((each) => pollers.some(({ kind }) => kind === each));
      },
      60_000,
    );
    server = await startBaton(
      {
        ...providers.env,
        BATON_SIMULATED_TIME_SCALE: String(timeScale),
        // Each process makes up its own.
        PAGERDUTY_WEBHOOK_SECRETS: simulatedWebhookSecret,
        DATABASE_URL: postgres?.url ?? '',
        BATON_DATA_DIR: folder,
        TEMPORAL_ADDRESS: temporal.address,
      },
      undefined,
      [quickServer],
    );
    providers.pagerDuty.world.subscriptions.push({
      url: `${server.url}/webhooks/pagerduty`,
      secret: simulatedWebhookSecret,
    });
  }
  const alert = () => providers.pagerDuty.world.alerts.find((each) => each.key === key);
  const readiness = async () =>
    (await (await fetch(`${server?.url}/readyz`)).json()) as {
      status: string;
      troubles: Record<string, number>;
    };

  it('for twenty minutes, the server pages once, and what comes meanwhile is done once when they are back, which takes the page back', async () => {
    const { pagerDuty } = providers;
    const workers = await Promise.all([startWorkerProcess(), startWorkerProcess()]);
    await startQuickServer();
    const before = raiseIncident(pagerDuty, { title: 'Slow before', service: 'Search' });
    const notes = (id: string) =>
      pagerDuty.ledger.filter(({ effect, target }) => effect === 'note added' && target === id);
    await eventually('work to be done', () => notes(before).length > 0, 60_000);
    expect(alert()).toBeUndefined();

    const goneAt = Date.now();
    await Promise.all(workers.map((kill) => kill()));
    const during = raiseIncident(pagerDuty, { title: 'Slow meanwhile', service: 'Search' });
    await eventually('the page', alert, 40_000);
    const tookSeconds = (Date.now() - goneAt) / 1_000;
    console.info(
      `paged ${tookSeconds.toFixed(1)} s after the workers had gone, at ${timeScale} times the speed`,
    );
    expect(tookSeconds * timeScale).toBeLessThan(150);
    await eventually('it to be seen', async () => (await store.listWatched())[0]?.stage === 'paged');
    await eventually('it to be shown', async () => (await readiness()).troubles['worker.unhealthy'] === 1);
    expect((await readiness()).status).toBe('degraded');
    expect((await store.findRun(`production-incident/${during}`))?.state).toBe('running');
    const raised = () => pagerDuty.ledger.filter((each) => each.key === key).map(({ effect }) => effect);
    await eventually(
      'twenty minutes to pass',
      () => Date.now() - goneAt >= outageMilliseconds,
      outageMilliseconds + 10_000,
    );
    expect(raised()).toEqual(['alert raised']);
    expect(notes(during)).toEqual([]);

    await startWorkerProcess();
    await eventually('the work of meanwhile', () => notes(during).length > 0, 60_000);
    await eventually('the page to be taken back', () => alert()?.status === 'resolved', 40_000);
    await eventually('it to be over', async () => (await store.listWatched()).length === 0);
    await eventually('all to be well', async () => (await readiness()).status === 'ok');
    expect(notes(during)).toHaveLength(notes(before).length);
    expect(raised()).toEqual(['alert raised', 'alert resolved']);
    const pages = pagerDuty.world.alerts.filter((each) => each.key?.startsWith('baton/'));
    expect(pages.map((each) => each.key)).toEqual([key]);
    const types = (await store.listEvents({ subject: key, limit: 10 })).map(({ type }) => type);
    expect(types.toSorted()).toEqual(['worker.healthy', 'worker.unhealthy']);
  }, 300_000);
});
