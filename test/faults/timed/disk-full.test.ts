import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { simulatedWebhookSecret } from '../../../simulator/pagerduty.ts';
import { pagerDutyWebhook } from '../../../simulator/pagerduty-webhooks.ts';
import { openStore } from '../../../store/open.ts';
import { type SmallDisk, smallDisk } from '../../store/small-disk.ts';
import { startTestTemporal } from '../../temporal.ts';
import { eventually, type Providers, startProviders } from '../../world.ts';
import { type BatonProcess, startBaton } from '../process.ts';

describe.skipIf(!smallDisk.works)('Baton with its data and log on a disk of 64 MB', () => {
  let disk: SmallDisk;
  let folder: string;
  let temporal: Awaited<ReturnType<typeof startTestTemporal>>;
  let providers: Providers;
  let baton: BatonProcess;
  const dataDir = () => join(disk.path, 'data');

  beforeAll(async () => {
    disk = smallDisk.mount(64);
    folder = await mkdtemp(join(tmpdir(), 'baton-full-'));
    temporal = await startTestTemporal();
    providers = await startProviders(folder);
    baton = await startBaton({
      ...providers.env,
      BATON_DATA_DIR: dataDir(),
      TEMPORAL_ADDRESS: temporal.address,
    });
  });
  afterAll(async () => {
    await baton.kill('SIGKILL');
    await providers.close();
    await temporal.teardown();
    await rm(folder, { recursive: true });
    disk.unmount();
  });

  async function send(): Promise<{ id: string; status: number; retryAfter: string | null; ms: number }> {
    const id = randomUUID();
    const data = { message: 'hi'.repeat(10_000), type: 'ping' };
    const event = { id, event_type: 'pagey.ping', occurred_at: '2026-11-20T09:00:00Z', data };
    const { headers, body } = pagerDutyWebhook(simulatedWebhookSecret, event);
    const begun = performance.now();
    const answer = await fetch(`${baton.url}/webhooks/pagerduty`, { method: 'POST', headers, body });
    await answer.body?.cancel();
    const ms = performance.now() - begun;
    return { id, status: answer.status, retryAfter: answer.headers.get('retry-after'), ms };
  }
  async function readiness(): Promise<unknown> {
    const answer = await fetch(`${baton.url}/readyz`);
    return { code: answer.status, ...((await answer.json()) as object) };
  }

  it('answers 503 while it is full, goes on when there is room, and loses nothing that it took', async () => {
    const taken: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const before = await send();
      expect(before.status).toBe(202);
      taken.push(before.id);
      disk.fill();
      await eventually('it to refuse', async () => {
        const { id, status } = await send();
        if (status === 202) taken.push(id);
        return status === 503;
      });
      const during = await Promise.all(Array.from({ length: 100 }, send));
      expect(new Set(during.map(({ status }) => status))).toEqual(new Set([503]));
      expect(new Set(during.map(({ retryAfter }) => retryAfter))).toEqual(new Set(['5']));
      expect(Math.max(...during.map(({ ms }) => ms))).toBeLessThan(2_500);
      // What it knows of the store is up to a second old.
      await eventually('it to say that it is full', async () =>
        JSON.stringify(await readiness()).includes('"full"'),
      );
      expect(await readiness()).toMatchObject({ code: 503, status: 'down', store: 'full' });
      expect((await fetch(`${baton.url}/healthz`)).status).toBe(200);
      disk.free();
      await eventually('it to take again', async () => {
        const { id, status } = await send();
        if (status === 202) taken.push(id);
        return status === 202;
      });
      await eventually('it to be ready', async () => (await fetch(`${baton.url}/readyz`)).status === 200);
    }
    await eventually('the end to be told', () =>
      readFileSync(join(dataDir(), 'baton.log'), 'utf8').includes('The store is available again'),
    );
    const lines = readFileSync(join(dataDir(), 'baton.log'), 'utf8').trimEnd().split('\n');
    for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
    expect(lines.length).toBeLessThan(300);

    await baton.kill('SIGKILL');
    const store = await openStore({ dataDir: dataDir() });
    for (const id of taken) expect(await store.findEvent(id)).toBeDefined();
    while ((await store.seal()) > 0);
    expect(await store.verifyRecord()).toMatchObject({ ok: true });
    await store.close();
  }, 90_000);
});
