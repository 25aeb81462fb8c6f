import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { impair } from '../../simulator/ec2.ts';
import { raiseIncident, simulatedWebhookSecret } from '../../simulator/pagerduty.ts';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/store.ts';
import { startTestTemporal } from '../temporal.ts';
import { eventually, type Providers, startProviders } from '../world.ts';
import { type BatonProcess, startBaton } from './process.ts';

const instance = 'i-0abc12345def67890';
let folder: string;
let temporal: Awaited<ReturnType<typeof startTestTemporal>>;
let providers: Providers;
let env: Record<string, string>;
let baton: BatonProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-kill-'));
  temporal = await startTestTemporal();
  providers = await startProviders(folder);
  env = { ...providers.env, BATON_DATA_DIR: folder, TEMPORAL_ADDRESS: temporal.address };
  baton = await startBaton(env);
  subscribe();
});
afterAll(async () => {
  await baton.kill('SIGKILL');
  await providers.close();
  await temporal.teardown();
  await rm(folder, { recursive: true });
});

function subscribe(): void {
  const { world } = providers.pagerDuty;
  for (const pending of world.pendingWebhooks) pending.url = `${baton.url}/webhooks/pagerduty`;
  world.subscriptions = [{ url: `${baton.url}/webhooks/pagerduty`, secret: simulatedWebhookSecret }];
}

/** Ends the process as a crash does, and starts it again on the same port. */
async function crash(): Promise<void> {
  const port = Number(new URL(baton.url).port);
  await baton.kill('SIGKILL');
  baton = await startBaton(env, port);
}

/** What the store holds, read when no process has it. */
async function inspect<Result>(look: (store: Store) => Promise<Result>): Promise<Result> {
  const port = Number(new URL(baton.url).port);
  await baton.kill('SIGTERM');
  const store = await openStore({ dataDir: folder });
  try {
    return await look(store);
  } finally {
    await store.close();
    baton = await startBaton(env, port);
  }
}

const raise = (title = 'Search p99 latency above 2 s') =>
  raiseIncident(providers.pagerDuty, { title, service: 'Search' });
const called = (simulator: keyof Providers, match: string) => {
  const { calls } = providers[simulator] as Providers['jira'];
  return calls.some(({ method, path, body }) => `${method} ${path} ${body}`.includes(match));
};
const madeOnce = (id: string) => ({
  issues: providers.jira.world.issues.filter(({ fields }) => fields.labels.includes(`baton-${id}`)).length,
  rooms: providers.slack.world.channels.filter(({ purpose }) => purpose.includes(id)).length,
  notes: providers.pagerDuty.world.notes.filter(
    ({ incidentId, content }) => incidentId === id && content.includes('production-incident/'),
  ).length,
});
const done = (id: string) =>
  eventually('the run to finish its work', () => madeOnce(id).notes > 0 && madeOnce(id).issues > 0, 60_000);

describe('kill -9 in the middle of a run', () => {
  it.each([
    ['before the provider got the request', 'hang'],
    ['after the provider acted, before its answer', 'hang-after'],
  ] as const)('%s: the run finishes after the restart, and each effect is made once', async (_, kind) => {
    providers.jira.calls.length = 0;
    providers.jira.fail({ kind, match: 'POST /rest/api/3/issue {' });
    const id = raise();
    await eventually('the request to be under way', () => called('jira', 'POST /rest/api/3/issue {'));
    await crash();
    await done(id);
    expect(madeOnce(id)).toEqual({ issues: 1, rooms: 1, notes: 1 });
  });

  it('around a reboot: the instance is rebooted once at most, and then a person decides', async () => {
    impair(providers.ec2, instance);
    providers.ec2.fail({ kind: 'hang-after', match: 'Action=RebootInstances' });
    const id = raise(`EC2 ${instance} StatusCheckFailed`);
    await eventually('the reboot', () =>
      providers.ec2.ledger.some(({ effect }) => effect === 'instance rebooted'),
    );
    await crash();
    const run = `ec2-unhealthy/${id}`;
    await eventually(
      'the run to end',
      async () => (await temporal.client.workflow.getHandle(run).describe()).status.name === 'COMPLETED',
      60_000,
    );
    expect(providers.ec2.ledger.filter(({ effect }) => effect === 'instance rebooted')).toHaveLength(1);
  });
});

describe('kill -9 between the answer and the dispatch', () => {
  it('loses nothing: each event has one disposition, and what is sent again is a duplicate', async () => {
    const ids = Array.from({ length: 40 }, () => raise());
    await eventually('some to be taken', () => providers.pagerDuty.world.pendingWebhooks.length < 30);
    await crash();
    await eventually(
      'all to be delivered',
      () => providers.pagerDuty.world.pendingWebhooks.length === 0,
      60_000,
    );
    for (const id of ids) await done(id);
    await inspect(async (store) => {
      for (const id of ids) {
        const events = await store.listEvents({ subject: id, limit: 100 });
        const triggered = events.filter(({ type }) => type === 'pagerduty.incident.triggered');
        const first = triggered.filter(({ disposition }) => disposition !== 'duplicate');
        expect(first.map(({ disposition }) => disposition)).toEqual(['dispatched']);
        expect(madeOnce(id)).toEqual({ issues: 1, rooms: 1, notes: 1 });
      }
      while ((await store.seal()) > 0);
      expect(await store.verifyRecord()).toMatchObject({ ok: true });
    });
  });
});

describe('SIGTERM', () => {
  it('ends the process with 0 within 15 s, and the run goes on at the next start', async () => {
    providers.jira.fail({ kind: 'delay', ms: 1_500, match: 'POST /rest/api/3/issue {' });
    const id = raise();
    await eventually('the run to begin', () => madeOnce(id).rooms > 0);
    const port = Number(new URL(baton.url).port);
    const begun = Date.now();
    expect(await baton.kill('SIGTERM')).toBe(0);
    expect(Date.now() - begun).toBeLessThan(15_000);
    baton = await startBaton(env, port);
    await done(id);
    expect(madeOnce(id)).toEqual({ issues: 1, rooms: 1, notes: 1 });
  });
});
