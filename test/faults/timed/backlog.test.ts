import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { createLog } from '../../../log/log.ts';
import { anyFreePort } from '../../../processes/ports.ts';
import { lazyClient } from '../../../processes/temporal-client.ts';
import { startTemporal } from '../../../processes/temporal-server.ts';
import { authorityOf } from '../../../secrets/authority.ts';
import { createMetrics } from '../../../server/metrics.ts';
import { startServer } from '../../../server/server.ts';
import { simulatedWebhookSecret } from '../../../simulator/pagerduty.ts';
import { pagerDutyWebhook } from '../../../simulator/pagerduty-webhooks.ts';
import { openStore } from '../../../store/open.ts';
import { defineTrigger } from '../../../triggers/trigger.ts';
import { emitScheduleEvent } from '../../../workflows/kit/schedule.ts';
import { testKeys } from '../../authority.ts';
import { startPostgres } from '../../store/postgres.ts';
import { eventually } from '../../world.ts';

const incidents = 1_000;
const steps = ['triggered', 'acknowledged', 'priority_updated', 'reassigned', 'escalated', 'delegated'];
/** Of which nobody will dispatch the first half: they are the weight, and the others the load. */
const pending = 12_000;

const trigger = defineTrigger({
  name: 'each',
  on: 'pagerduty.incident.triggered',
  when: 'always',
  run: emitScheduleEvent,
  input: ({ id }) => id,
});

function webhook(incident: string, place: number) {
  const at = new Date(Date.UTC(2026, 10, 25, 10, 0, place)).toISOString();
  return pagerDutyWebhook(simulatedWebhookSecret, {
    id: `${incident}E${place}`,
    event_type: `incident.${steps[place % steps.length]}`,
    resource_type: 'incident',
    occurred_at: at,
    agent: null,
    client: null,
    data: {
      id: incident,
      type: 'incident',
      number: 1,
      status: place === 0 ? 'triggered' : 'acknowledged',
      title: `Search p99 latency above 2 s. ${'It has been so for a while. '.repeat(60)}`,
      urgency: 'high',
      service: { id: 'PSEARCH', type: 'service_reference', summary: 'Search' },
      assignees: [],
      teams: [],
    },
  });
}

const postgres = await startPostgres();
afterAll(() => postgres?.stop());
const backends = [
  { name: 'PGlite', url: async () => undefined },
  ...(postgres ? [{ name: 'PostgreSQL', url: () => postgres.newDatabase() }] : []),
];

describe.each(backends)('twelve thousand events that wait for Temporal on $name', ({ url }) => {
  it('cost the webhooks nothing, and are dispatched in order when it is back', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'baton-backlog-'));
    const port = await anyFreePort('127.0.0.1');
    const { client, close } = lazyClient(
      { connection: { address: `127.0.0.1:${port}` }, namespace: 'default' },
      testKeys,
    );
    let server: Awaited<ReturnType<typeof startServer>> | undefined;
    const databaseUrl = await url();
    const store = await openStore({ databaseUrl, dataDir: folder, onPending: () => server?.wake() });
    const metrics = createMetrics();
    server = await startServer({
      host: '127.0.0.1',
      port: 0,
      pagerDutySecrets: [simulatedWebhookSecret],
      store,
      client,
      eagerStart: false,
      namespace: 'default',
      triggers: [trigger],
      taskQueue: 'nobody-works-here',
      authority: authorityOf('a-key-for-this-test'),
      log: createLog((text) => text, { destination: { write: () => {} } }),
      metrics,
      simulated: [],
      keeping: { retentionDays: 365 },
    });
    const address = `${server.url}/webhooks/pagerduty`;
    const post = async (incident: string, place: number) => {
      const begun = performance.now();
      const { headers, body } = webhook(incident, place);
      const answer = await fetch(address, { method: 'POST', headers, body });
      await answer.body?.cancel();
      return { status: answer.status, milliseconds: performance.now() - begun };
    };
    try {
      for (let first = 0; first < incidents; first += 100) {
        const ids = Array.from({ length: 100 }, (_, place) => `QBACK${first + place}`);
        for (let place = 0; place < pending / incidents; place += 1)
          await Promise.all(ids.map((id) => post(id, place)));
      }
      await eventually('all to wait', async () => (await store.backlog()).pending >= pending, 60_000);

      const memory = process.memoryUsage().rss;
      const delay = monitorEventLoopDelay({ resolution: 10 });
      delay.enable();
      const answers: Promise<{ status: number; milliseconds: number }>[] = [];
      for (let place = 0; place < 400; place += 1) {
        answers.push(post(`QLOAD${place}`, 0));
        await pause(20);
      }
      const answered = await Promise.all(answers);
      delay.disable();
      const slowest = Math.max(...answered.map(({ milliseconds }) => milliseconds));
      const p99 = delay.percentile(99) / 1e6;
      const grown = (process.memoryUsage().rss - memory) / 1e6;
      expect(answered.filter(({ status }) => status !== 202)).toEqual([]);

      const temporal = await startTemporal({
        path: inject('temporalPath'),
        dataDir: folder,
        port,
      });
      const back = Date.now();
      delay.reset();
      delay.enable();
      await eventually('all to be dispatched', async () => (await store.backlog()).pending === 0, 120_000);
      const seconds = (Date.now() - back) / 1_000;
      const p99Dispatching = delay.percentile(99) / 1e6;
      console.info(
        `waiting: event loop p99 ${p99.toFixed(0)} ms, slowest answer ${slowest.toFixed(0)} ms, ${grown.toFixed(0)} MB more; ` +
          `${pending} dispatched in ${seconds.toFixed(1)} s, event loop p99 ${p99Dispatching.toFixed(0)} ms`,
      );
      expect(p99).toBeLessThan(200);
      expect(p99Dispatching).toBeLessThan(200);
      expect(slowest).toBeLessThan(1_000);
      expect(grown).toBeLessThan(100);
      expect(seconds).toBeLessThan(120);
      const order = (await store.readRecord({ subject: 'QBACK7', limit: 100 }))
        .filter(({ action }) => action === 'event.answered')
        .map(({ detail }) => detail.event);
      expect(order).toEqual(Array.from({ length: pending / incidents }, (_, place) => `QBACK7E${place}`));
      await server.stop();
      server = undefined;
      await temporal.stop();
    } finally {
      await server?.stop();
      await close();
      await store.close();
      await rm(folder, { recursive: true, force: true });
    }
  }, 400_000);
});
