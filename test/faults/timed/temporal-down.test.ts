import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { anyFreePort } from '../../../processes/ports.ts';
import { type RunningTemporal, startTemporal } from '../../../processes/temporal-server.ts';
import { acknowledgeAs, simulatedWebhookSecret } from '../../../simulator/pagerduty.ts';
import { simulatedSigningSecret } from '../../../simulator/slack/world.ts';
import { slackClick } from '../../../simulator/slack.ts';
import { openStore } from '../../../store/open.ts';
import { ledgersOf, violations } from '../../check.ts';
import { raiseApart } from '../../fixtures/raise-apart.ts';
import { cardOf, eventually, type Providers, startProviders } from '../../world.ts';
import { type BatonProcess, startBaton } from '../process.ts';
import { untilAtRest } from '../rest.ts';
import { type Passed, startTap, type Tap } from '../sender.ts';

let folder: string;
let temporal: RunningTemporal;
let providers: Providers;
let env: Record<string, string>;
let baton: BatonProcess;
let tap: Tap;
let startAgain: () => Promise<void>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-outage-'));
  const options = {
    path: inject('temporalPath'),
    dataDir: join(folder, 'temporal'),
    port: await anyFreePort('127.0.0.1'),
  };
  temporal = await startTemporal(options);
  startAgain = async () => {
    temporal = await startTemporal(options);
  };
  providers = await startProviders(folder);
  env = { ...providers.env, BATON_DATA_DIR: folder, TEMPORAL_ADDRESS: temporal.address };
  baton = await startBaton(env);
  tap = await startTap(() => baton.url);
  const url = `${tap.url}/webhooks/pagerduty`;
  providers.pagerDuty.world.subscriptions.push({ url, secret: simulatedWebhookSecret });
});
afterAll(async () => {
  await baton.kill('SIGKILL');
  await temporal.stop();
  await providers.close();
  await tap.close();
  await rm(folder, { recursive: true });
});

const raise = () => raiseApart(providers.pagerDuty, 'Search p99 latency above 2 s');

/** What happened while Temporal was away. */
interface Outage {
  ids: string[];
  sent: Passed[];
  /** The answers of `/readyz`: HTTP status and what it says. */
  ready: string[];
}

/** Lets so many seconds of an outage go by, with two incidents raised in each, and both acknowledged by a person half a second later. */
async function deliverFor(seconds: number): Promise<Outage> {
  const before = tap.sent.length;
  const ids: string[] = [];
  const ready: string[] = [];
  const { pagerDuty } = providers;
  for (const end = Date.now() + seconds * 1_000; Date.now() < end; ) {
    const id = raise();
    ids.push(id);
    await pause(500);
    acknowledgeAs(pagerDuty, id, 'PADALOP');
    const answer = await fetch(`${baton.url}/readyz`);
    const { status } = (await answer.json()) as { status: string };
    ready.push(`${answer.status} ${status}`);
  }
  await eventually('all to be delivered', () => pagerDuty.world.pendingWebhooks.length === 0);
  return { ids, sent: tap.sent.slice(before), ready };
}

/** Each is taken at its first delivery, and in time: an outage of Temporal is none for PagerDuty. */
function expectTaken({ ids, sent, ready }: Outage): void {
  expect(sent.map(({ status }) => status)).toEqual(Array(2 * ids.length).fill(202));
  expect(Math.max(...sent.map(({ milliseconds }) => milliseconds))).toBeLessThan(5_000);
  expect(new Set(ready)).toEqual(new Set(['200 ok', '200 degraded']));
  expect(ready.at(-1)).toBe('200 degraded');
}

const isNoted = (id: string) => providers.pagerDuty.world.notes.some(({ incidentId }) => incidentId === id);
const untilNoted = (ids: string[]) =>
  eventually('each incident to have its note', () => ids.every(isNoted), 90_000);

/** What does not hold of what must always hold, and the incidents whose events were not dispatched in the order of their sending. */
async function broken({ ids }: Outage): Promise<string[]> {
  const connection = await Connection.connect({ address: temporal.address });
  await untilAtRest({ url: baton.url, client: new Client({ connection }), providers });
  await connection.close();
  await baton.kill('SIGTERM');
  const store = await openStore({ dataDir: folder });
  try {
    const found = await violations({ store, ledgers: ledgersOf(providers), sent: tap.sent });
    for (const id of ids) {
      const lines = await store.readRecord({ subject: id, limit: 500 });
      const answered = lines
        .filter(({ action }) => action === 'event.answered')
        .map(({ detail }) => String(detail.type));
      const order = answered.filter((type) => !type.endsWith('annotated')).join(' ');
      if (order !== 'pagerduty.incident.triggered pagerduty.incident.acknowledged')
        found.push(`incident ${id}: dispatched as ${order}`);
    }
    return found;
  } finally {
    await store.close();
    baton = await startBaton(env);
  }
}

describe('Temporal away under deliveries', () => {
  it('for 20 s, as after a crash: all are answered 202, and dispatched in order when it is back', async () => {
    const clicked = raise();
    const card = await eventually('a card', () => cardOf(providers.slack, clicked));
    await untilNoted([clicked]);
    await eventually('its note to be told', () => providers.pagerDuty.world.pendingWebhooks.length === 0);

    process.kill(temporal.pid, 'SIGKILL');
    await temporal.stop();
    const outage = await deliverFor(20);
    expectTaken(outage);
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
    const back = Date.now();
    await untilNoted(outage.ids);
    console.info(`${outage.ids.length} incidents noted ${Date.now() - back} ms after Temporal was back`);
    await eventually(
      'the click to be carried out',
      () =>
        providers.pagerDuty.ledger.some(
          ({ effect, by }) => effect === 'incident acknowledged' && by === 'ben@example.com',
        ),
      60_000,
    );
    const ready = await fetch(`${baton.url}/readyz`);
    expect(await ready.json()).toMatchObject({ status: 'ok' });
    expect(await broken(outage)).toEqual([]);
  }, 180_000);

  it('for 8 s, halted with its connections open and silent: no other is lost either', async () => {
    process.kill(temporal.pid, 'SIGSTOP');
    const outage = await deliverFor(8).finally(() => process.kill(temporal.pid, 'SIGCONT'));
    expectTaken(outage);
    await untilNoted(outage.ids);
    expect(await broken(outage)).toEqual([]);
  }, 120_000);
});
