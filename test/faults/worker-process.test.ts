import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anyFreePort } from '../../processes/ports.ts';
import { raiseIncident, simulatedWebhookSecret } from '../../simulator/pagerduty.ts';
import { startPostgres } from '../store/postgres.ts';
import { startTestTemporal } from '../temporal.ts';
import { eventually, type Providers, startProviders } from '../world.ts';

const program = join(import.meta.dirname, '../../baton.ts');
const postgres = await startPostgres();

describe.skipIf(!postgres)('baton worker', () => {
  let temporal: TestWorkflowEnvironment;
  let providers: Providers;
  let folder: string;
  const ends: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'baton-worker-'));
    temporal = await startTestTemporal();
    providers = await startProviders(folder);
  });
  afterAll(async () => {
    for (const end of ends) await end();
    await providers.close();
    await temporal.teardown();
    await postgres?.stop();
    rmSync(folder, { recursive: true });
  });

  function baton(command: 'server' | 'worker', port: number, address = temporal.address) {
    const child = spawn(process.execPath, [program, command], {
      env: {
        PATH: process.env.PATH,
        ...providers.env,
        HOME: folder,
        PORT: String(port),
        DATABASE_URL: postgres?.url,
        BATON_SECRET_KEY: 'the secret key of this test',
        TEMPORAL_ADDRESS: address,
        BATON_DATA_DIR: folder,
      },
    });
    let stderr = '';
    child.stderr.on('data', (part) => (stderr += part));
    const exit = new Promise<number | null>((ended) => child.once('exit', ended));
    ends.push(() => {
      child.kill('SIGKILL');
      return exit;
    });
    const url = `http://127.0.0.1:${port}`;
    const get = (path: string) => fetch(url + path).catch(() => undefined);
    return { child, exit, url, get, stderr: () => stderr };
  }

  it('counts what it does at PORT, says that it can work, and stops cleanly', async () => {
    const server = baton('server', await anyFreePort('127.0.0.1'));
    await eventually('the server', async () => (await server.get('/readyz'))?.ok, 40_000);
    const worker = baton('worker', await anyFreePort('127.0.0.1'));
    await eventually('the worker', async () => (await worker.get('/readyz'))?.ok, 40_000);
    expect((await worker.get('/healthz'))?.status).toBe(200);

    const { world } = providers.pagerDuty;
    world.subscriptions.push({
      url: `${server.url}/webhooks/pagerduty`,
      secret: simulatedWebhookSecret,
    });
    raiseIncident(providers.pagerDuty, { title: 'EC2 without a name is unhealthy', service: 'Checkout' });
    const page = async () => (await worker.get('/metrics'))?.text() ?? '';
    const counted = /^baton_provider_attempts_total\{provider="pagerduty",outcome="completed"\} [1-9]/m;
    await eventually('an attempt to be counted', async () => counted.test(await page()), 40_000);
    await eventually('Temporal to be seen', async () => /^baton_temporal_up 1$/m.test(await page()));

    worker.child.kill('SIGTERM');
    expect(await worker.exit).toBe(0);
  }, 120_000);

  it('lives and waits while Temporal is not there yet', async () => {
    const nowhere = `127.0.0.1:${await anyFreePort('127.0.0.1')}`;
    const worker = baton('worker', await anyFreePort('127.0.0.1'), nowhere);
    const ready = await eventually('the worker', async () => worker.get('/readyz'), 40_000);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({ status: 'degraded', store: 'up' });
    worker.child.kill('SIGTERM');
    expect(await worker.exit).toBe(0);
  }, 60_000);

  it('refuses a port that is set and taken, and names it', async () => {
    const port = await anyFreePort('127.0.0.1');
    const other = createServer();
    await new Promise<void>((listening) => other.listen(port, '127.0.0.1', listening));
    const worker = baton('worker', port);
    expect(await worker.exit).toBe(1);
    expect(worker.stderr()).toContain(`Port ${port} is taken`);
    await new Promise((closed) => other.close(closed));
  }, 60_000);
});
