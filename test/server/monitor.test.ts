import { createServer } from 'node:net';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createLog } from '../../log/log.ts';
import { lazyClient } from '../../processes/temporal-client.ts';
import { createMetrics } from '../../server/metrics.ts';
import { startMonitor } from '../../server/monitor.ts';
import { testKeys } from '../authority.ts';
import { startTestTemporal } from '../temporal.ts';
import { storeIsDown } from './receiver.ts';

let temporal: TestWorkflowEnvironment;
beforeAll(async () => {
  temporal = await startTestTemporal();
});
afterAll(() => temporal.teardown());

async function startWatched(address = temporal.address) {
  let failure: Error | undefined;
  const orFail = async <Value>(value: Value) => {
    if (failure) throw failure;
    return value;
  };
  const metrics = createMetrics();
  const { client, close } = lazyClient({ connection: { address }, namespace: 'default' }, testKeys);
  const monitor = await startMonitor({
    host: '127.0.0.1',
    port: 0,
    store: {
      ping: () => orFail(undefined),
      backlog: () => orFail({ pending: 4, oldestSeconds: 2 }),
      head: () => orFail({ seq: 7, hash: 'x' }),
    },
    client,
    namespace: 'default',
    metrics,
    log: createLog((text) => text, { destination: { write: () => {} } }),
  });
  onTestFinished(async () => {
    await monitor.stop();
    await close();
  });
  return {
    metrics,
    url: monitor.url,
    get: (path: string) => fetch(monitor.url + path),
    failStore: () => {
      failure = storeIsDown();
    },
  };
}

/** An address at which nobody listens. */
async function nowhere(): Promise<string> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return typeof address === 'object' && address ? `127.0.0.1:${address.port}` : '';
}

describe('what a worker shows', () => {
  it('is that it lives and can work, and what it counted', async () => {
    const { get, metrics } = await startWatched();
    metrics.activity({ name: 'rebootEc2Instances', provider: 'ec2' });
    metrics.run('ec2UnhealthyRestart', 'completed');
    expect((await get('/healthz')).status).toBe(200);
    await expect
      .poll(async () => (await get('/readyz')).json(), { timeout: 10_000 })
      .toMatchObject({ status: 'ok', store: 'up', temporal: { state: 'up' } });
    expect((await get('/readyz')).status).toBe(200);
    const lines = (await (await get('/metrics')).text()).split('\n');
    expect(lines).toContain('baton_provider_attempts_total{provider="ec2",outcome="completed"} 1');
    expect(lines).toContain('baton_runs_total{workflow="ec2UnhealthyRestart",outcome="completed"} 1');
    expect(lines).toContain('baton_inbox_pending 4');
    expect(lines).toContain('baton_temporal_up 1');
  });

  it('is that it lives while Temporal is away, and waits for it', async () => {
    const { get } = await startWatched(await nowhere());
    expect((await get('/healthz')).status).toBe(200);
    const ready = await get('/readyz');
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({ status: 'degraded', temporal: { state: 'down' } });
    const lines = (await (await get('/metrics')).text()).split('\n');
    expect(lines).toEqual(expect.arrayContaining(['baton_temporal_up 0', 'baton_store_up 1']));
  });

  it('is 503 without a store, while it lives', async () => {
    const { get, failStore } = await startWatched();
    failStore();
    expect((await get('/healthz')).status).toBe(200);
    expect((await get('/readyz')).status).toBe(503);
    expect(await (await get('/metrics')).text()).toContain('baton_store_up 0');
  });

  it('is nothing else: it takes no webhook', async () => {
    const { url, get } = await startWatched();
    expect((await fetch(`${url}/webhooks/pagerduty`, { method: 'POST', body: '{}' })).status).toBe(404);
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(404);
    expect((await get('/')).status).toBe(404);
  });
});
