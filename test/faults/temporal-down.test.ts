import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { anyFreePort } from '../../cli/ports.ts';
import { type RunningTemporal, startTemporal } from '../../cli/temporal-server.ts';
import { raiseIncident, simulatedWebhookSecret } from '../../simulator/pagerduty.ts';
import { simulatedSigningSecret } from '../../simulator/slack/world.ts';
import { slackClick } from '../../simulator/slack.ts';
import { openStore } from '../../store/open.ts';
import { cardOf, eventually, type Providers, startProviders } from '../world.ts';
import { type BatonProcess, startBaton } from './process.ts';

let folder: string;
let temporal: RunningTemporal;
let providers: Providers;
let baton: BatonProcess;
let startAgain: () => Promise<void>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-outage-'));
  const options = {
    path: inject('temporalPath'),
    dataDir: join(folder, 'temporal'),
    port: await anyFreePort('127.0.0.1'),
    uiPort: 'none' as const,
  };
  temporal = await startTemporal(options);
  startAgain = async () => {
    temporal = await startTemporal(options);
  };
  providers = await startProviders(folder);
  baton = await startBaton({ ...providers.env, BATON_DATA_DIR: folder, TEMPORAL_ADDRESS: temporal.address });
  providers.pagerDuty.world.subscriptions.push({
    url: `${baton.url}/webhooks/pagerduty`,
    secret: simulatedWebhookSecret,
  });
});
afterAll(async () => {
  await baton.kill('SIGKILL');
  await temporal.stop();
  await providers.close();
  await rm(folder, { recursive: true });
});

const raise = () =>
  raiseIncident(providers.pagerDuty, { title: 'Search p99 latency above 2 s', service: 'Search' });
const ready = async () => (await (await fetch(`${baton.url}/readyz`)).json()) as { status: string };

describe('Temporal stopped under deliveries', () => {
  it('loses nothing and keeps the order: all are answered 202, and dispatched when it is back', async () => {
    const clicked = raise();
    const card = await eventually('a card', () => cardOf(providers.slack, clicked));
    await temporal.stop();

    const ids = Array.from({ length: 25 }, raise);
    for (const id of ids) {
      const incident = providers.pagerDuty.world.incidents.find((each) => each.id === id);
      if (incident) providers.pagerDuty.account.acknowledge(incident, { type: 'user', id: 'PADALOP' });
    }
    await eventually('all to be delivered', () => providers.pagerDuty.world.pendingWebhooks.length === 0);
    const [subscription] = providers.pagerDuty.world.subscriptions;
    expect(subscription).toMatchObject({ delivered: expect.any(Number) });
    expect(subscription?.dropped ?? 0).toBe(0);
    await eventually('the outage to be seen', async () => (await ready()).status === 'degraded');

    const begun = Date.now();
    const { headers, body } = slackClick({
      signingSecret: simulatedSigningSecret,
      actionId: 'acknowledge',
      incidentId: clicked,
      userId: 'U0BEN',
      channelId: card.channelId,
      messageTs: card.ts,
    });
    const answer = await fetch(`${baton.url}/slack/interactivity`, { method: 'POST', headers, body });
    expect(answer.status).toBe(200);
    expect(Date.now() - begun).toBeLessThan(3_000);

    await startAgain();
    for (const id of [...ids, clicked])
      await eventually(
        'each incident to have its note',
        () => providers.pagerDuty.world.notes.some(({ incidentId }) => incidentId === id),
        90_000,
      );
    await eventually(
      'the click to be carried out',
      () =>
        providers.pagerDuty.ledger.some(
          ({ effect, by }) => effect === 'incident acknowledged' && by === 'ben@example.com',
        ),
      60_000,
    );
    expect((await ready()).status).toBe('ok');

    await baton.kill('SIGTERM');
    const store = await openStore({ dataDir: folder });
    try {
      for (const id of ids) {
        const lines = (await store.readRecord({ subject: id, limit: 500 })).filter(
          ({ action }) => action === 'event.answered',
        );
        const types = lines
          .map(({ detail }) => String(detail.type))
          .filter((type) => !type.endsWith('annotated'));
        expect(types).toEqual(['pagerduty.incident.triggered', 'pagerduty.incident.acknowledged']);
      }
    } finally {
      await store.close();
    }
  }, 200_000);
});
