import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { simulatedWebhookSecret } from '../../../simulator/pagerduty.ts';
import { pagerDutyWebhook } from '../../../simulator/pagerduty-webhooks.ts';
import { openStore } from '../../../store/open.ts';
import { violations } from '../../check.ts';
import { often } from '../../nightly.ts';
import { startTestTemporal } from '../../temporal.ts';
import { eventually, type Providers, startProviders } from '../../world.ts';
import { type BatonProcess, startBaton } from '../process.ts';
import type { Passed } from '../sender.ts';

const webhooks = 2_000;
/** So often they come at once. */
const rounds = often(1, 5);
const agent = new Agent({ keepAlive: true, maxSockets: 100, maxFreeSockets: 100 });

let folder: string;
let temporal: TestWorkflowEnvironment;
let providers: Providers;
let baton: BatonProcess;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-storm-'));
  temporal = await startTestTemporal();
  providers = await startProviders(folder);
  const where = { BATON_DATA_DIR: folder, TEMPORAL_ADDRESS: temporal.address };
  baton = await startBaton({ ...providers.env, ...where });
});
afterAll(async () => {
  agent.destroy();
  await baton.kill('SIGKILL');
  await providers.close();
  await temporal.teardown();
  await rm(folder, { recursive: true });
});

interface Webhook {
  eventId: string;
  body: string;
  headers: Record<string, string>;
}

/** What starts nothing: tried is the way in, and not two thousand runs. */
function ping(eventId: string): Webhook {
  const data = { message: 'hi', type: 'ping' };
  const event = { id: eventId, event_type: 'pagey.ping', occurred_at: '2026-11-20T09:00:00.000Z', data };
  return { eventId, ...pagerDutyWebhook(simulatedWebhookSecret, event) };
}

/** Opens all connections. Node accepts one in each turn of its loop, so a hundred new ones would be what is measured. */
const connectAll = () =>
  Promise.all(
    Array.from(
      { length: agent.maxSockets },
      () =>
        new Promise<void>((resolve, reject) => {
          const asking = request(`${baton.url}/healthz`, { agent }).once('error', reject).end();
          asking.once('response', (answer) => answer.resume().once('end', resolve));
        }),
    ),
  );

/** One delivery, timed from when it has got a connection: before that it waits on the sender's side. */
function deliver({ eventId, headers, body }: Webhook): Promise<Passed> {
  return new Promise((resolve, reject) => {
    let begun = 0;
    const sending = request(`${baton.url}/webhooks/pagerduty`, { method: 'POST', headers, agent });
    sending.once('socket', () => {
      begun = performance.now();
    });
    sending.once('error', reject);
    sending.once('response', (answer) => {
      answer.resume().once('end', () => {
        const milliseconds = Math.round(performance.now() - begun);
        const retryAfter = answer.headers['retry-after'];
        resolve({ eventId, body, status: answer.statusCode ?? 0, milliseconds, retryAfter });
      });
    });
    sending.end(body);
  });
}

/** Asks for `/healthz` without a pause, and gives the times that the answers took. */
function watchHealth(): { stop(): Promise<number[]> } {
  const times: number[] = [];
  let over = false;
  const watching = (async () => {
    while (!over) {
      const begun = performance.now();
      const answer = await fetch(`${baton.url}/healthz`);
      await answer.body?.cancel();
      times.push(Math.round(performance.now() - begun));
    }
  })();
  return {
    async stop() {
      over = true;
      await watching;
      return times;
    },
  };
}

/** Sends that many at once, and those again that were not taken, and checks the answers. */
async function atOnce(round: number): Promise<Passed[]> {
  await connectAll();
  const health = watchHealth();
  const begun = performance.now();
  const sent: Passed[] = [];
  let waiting = Array.from({ length: webhooks }, (_, place) => ping(`STORM${round}-${place}`));
  while (waiting.length > 0 && performance.now() - begun < 60_000) {
    const answers = await Promise.all(waiting.map(deliver));
    sent.push(...answers);
    const taken = new Set(answers.filter(({ status }) => status === 202).map(({ eventId }) => eventId));
    waiting = waiting.filter(({ eventId }) => !taken.has(eventId));
  }
  const seconds = Math.round((performance.now() - begun) / 100) / 10;
  const healthTimes = await health.stop();

  expect(waiting).toEqual([]);
  expect([202, 429, 503]).toEqual(expect.arrayContaining([...new Set(sent.map(({ status }) => status))]));
  expect(sent.filter(({ status, retryAfter }) => status !== 202 && retryAfter === undefined)).toEqual([]);
  const times = sent.map(({ milliseconds }) => milliseconds).sort((one, two) => two - one);
  const [slowest = 0, p99 = 0] = [times[0], times[Math.floor(times.length / 100)]];
  const slowestHealth = Math.max(...healthTimes);
  console.info(
    `${sent.length} deliveries in ${seconds} s: p99 ${p99} ms, slowest ${slowest} ms; slowest /healthz ${slowestHealth} ms`,
  );
  expect(slowest).toBeLessThan(5_000);
  expect(slowestHealth).toBeLessThan(1_000);
  expect(p99).toBeLessThan(2_000);
  return sent;
}

it(
  'two thousand webhooks at once are each answered in time, and with the sender’s retries all are kept',
  async () => {
    const sent: Passed[] = [];
    for (let round = 0; round < rounds; round += 1) sent.push(...(await atOnce(round)));

    await eventually(
      'all to be settled',
      async () => (await (await fetch(`${baton.url}/metrics`)).text()).includes('\nbaton_inbox_pending 0\n'),
      60_000,
    );
    await baton.kill('SIGTERM');
    const store = await openStore({ dataDir: folder });
    try {
      expect(await violations({ store, ledgers: [], sent })).toEqual([]);
      expect(await store.listEvents({ disposition: 'ignored', limit: 20_000 })).toHaveLength(
        webhooks * rounds,
      );
    } finally {
      await store.close();
    }
  },
  rounds * 180_000,
);
