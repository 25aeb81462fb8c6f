import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { impair } from '../../../simulator/ec2.ts';
import { raiseIncident, simulatedWebhookSecret } from '../../../simulator/pagerduty.ts';
import type { ToTell } from '../../../store/changes/journal.ts';
import { openStore } from '../../../store/open.ts';
import type { Store } from '../../../store/store.ts';
import { ledgersOf, violations } from '../../check.ts';
import { raiseApart } from '../../fixtures/raise-apart.ts';
import { startTestTemporal } from '../../temporal.ts';
import { eventually, type Providers, startProviders } from '../../world.ts';
import { type BatonProcess, startBaton } from '../process.ts';
import { untilAtRest } from '../rest.ts';
import { startTap, type Tap } from '../sender.ts';

const instance = 'i-0abc12345def67890';
let folder: string;
let temporal: Awaited<ReturnType<typeof startTestTemporal>>;
let providers: Providers;
let env: Record<string, string>;
let baton: BatonProcess;
let tap: Tap;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-kill-'));
  temporal = await startTestTemporal();
  providers = await startProviders(folder);
  env = { ...providers.env, BATON_DATA_DIR: folder, TEMPORAL_ADDRESS: temporal.address };
  baton = await startBaton(env);
  tap = await startTap(() => baton.url);
  providers.pagerDuty.world.subscriptions = [
    { url: `${tap.url}/webhooks/pagerduty`, secret: simulatedWebhookSecret },
  ];
});
afterAll(async () => {
  await baton.kill('SIGKILL');
  await providers.close();
  await tap.close();
  await temporal.teardown();
  await rm(folder, { recursive: true });
});

/** Ends the process as a crash does, and starts it again. `between`: what happens to the store before that. */
async function crash(between?: (store: Store) => Promise<void>): Promise<void> {
  await baton.kill('SIGKILL');
  if (between) await withStore(between);
  baton = await startBaton(env);
}

/** To be used while no process has it. */
async function withStore<Result>(look: (store: Store) => Promise<Result>): Promise<Result> {
  const store = await openStore({ dataDir: folder });
  try {
    return await look(store);
  } finally {
    await store.close();
  }
}

/** What the store holds, read when no process has it. */
async function inspect<Result>(look: (store: Store) => Promise<Result>): Promise<Result> {
  await baton.kill('SIGTERM');
  try {
    return await withStore(look);
  } finally {
    baton = await startBaton(env);
  }
}

const raise = (title = 'Search p99 latency above 2 s') => raiseApart(providers.pagerDuty, title);
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

/** The processes that were started for this data folder, by the environment that each child inherits. */
async function processesOf(dataFolder: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const environments = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')),
  );
  return pids.filter((_, place) => environments[place]?.includes(`BATON_DATA_DIR=${dataFolder}\0`));
}

/** What does not hold of what must always hold, once all has come to rest. */
async function broken(): Promise<string[]> {
  await untilAtRest({ url: baton.url, client: temporal.client, providers });
  return inspect((store) => violations({ store, ledgers: ledgersOf(providers), sent: tap.sent }));
}

describe('kill -9 in the middle of a run', { timeout: 90_000 }, () => {
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

  it('after the answer: the run goes on after the restart, and each effect is made once', async () => {
    const issuesBefore = providers.jira.ledger.length;
    const id = raise();
    await eventually('the issue', () => providers.jira.ledger.length > issuesBefore);
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

/** One more instance that may be rebooted. */
function freshInstance(): string {
  const { instances } = providers.ec2.world;
  const [first] = instances;
  if (!first) throw new Error('The simulated EC2 has no instance');
  const id = `i-0ab${String(instances.length).padStart(14, '0')}`;
  instances.push({ ...structuredClone(first), id, tags: { 'baton:restart': 'allowed' } });
  return id;
}

describe('kill -9 while PagerDuty is told of a change', { timeout: 120_000 }, () => {
  it('tells it once where the events can be looked at; where they cannot, not again, and the record says so', async () => {
    const { world } = providers.pagerDuty;
    providers.pagerDuty.fail({
      kind: 'status',
      status: 403,
      match: 'GET /services/PSEARCH/change_events',
      times: 50,
    });
    const cases = (
      [
        // PagerDuty has it, and nobody has written that down.
        ['Checkout', 'hang-after'],
        // It has not left.
        ['Checkout', 'hang'],
        // Nobody can tell which of the two it is.
        ['Search', 'hang-after'],
        ['Search', 'hang'],
      ] as const
    ).map(([service, kind]) => {
      const instance = freshInstance();
      impair(providers.ec2, instance);
      providers.pagerDuty.fail({ kind, match: `"summary":"Reboots ${instance}`, times: 1 });
      const title = `EC2 ${instance} StatusCheckFailed`;
      return { id: raiseIncident(providers.pagerDuty, { title, service }), instance };
    });
    const isUnderWay = (instance: string) =>
      providers.pagerDuty.calls.some(
        ({ path, body }) => path.includes('/change/enqueue') && body.includes(instance),
      );
    await eventually(
      'all to be under way',
      () => cases.every(({ instance }) => isUnderWay(instance)),
      60_000,
    );
    await crash(async (store) => {
      // As when their minute is over, in which no other process may try.
      for (const { id } of cases) {
        const key = `ec2-unhealthy/${id}#rebootEc2Instances#1`;
        await store.tellLater({ key, attempt: 1 } as ToTell, 0, true);
      }
    });

    const looksAt = (service: string) =>
      providers.pagerDuty.calls.filter(
        ({ path }) => path.includes(`/services/${service}/change_events`) && path.includes('limit=1'),
      ).length;
    const told = () =>
      cases.map(({ id }) => world.changeEvents.filter(({ details }) => details.incident === id).length);
    await eventually(
      'each to be looked at, and what has not left to be sent',
      () => looksAt('PCHECKO') >= 2 && looksAt('PSEARCH') >= 2 && told()[1] === 1,
      60_000,
    );
    // Whoever is told to stop ends what it has begun.
    const lines = await inspect((store) =>
      Promise.all(
        cases.map(async ({ id }) => {
          const all = await store.linesAbout({ subject: id, after: 0, skip: 0, limit: 200 });
          return all
            .filter(({ action }) => action.startsWith('change.'))
            .map(({ action, detail }) => [action, detail.unconfirmed]);
        }),
      ),
    );
    expect(told()).toEqual([1, 1, 1, 0]);
    const unconfirmed = [['change.told', true]];
    expect(lines).toEqual([
      [['change.told', undefined]],
      [['change.told', undefined]],
      unconfirmed,
      unconfirmed,
    ]);
  });
});

describe('kill -9 between the answer and the dispatch', { timeout: 90_000 }, () => {
  it('loses nothing: each event is dispatched once, however often it was sent', async () => {
    const ids = Array.from({ length: 40 }, () => raise());
    await eventually('some to be taken', () => providers.pagerDuty.world.pendingWebhooks.length < 30);
    await crash();
    for (const id of ids) await done(id);
    expect(await broken()).toEqual([]);
    const taken = tap.sent.filter(({ status }) => status === 202);
    for (const id of ids) {
      expect(madeOnce(id)).toEqual({ issues: 1, rooms: 1, notes: 1 });
      expect(taken.some(({ body }) => body.includes(id))).toBe(true);
    }
  });
});

describe('SIGTERM', { timeout: 90_000 }, () => {
  it('ends the process with 0 within 15 s, and the run goes on at the next start', async () => {
    providers.jira.fail({ kind: 'delay', ms: 1_500, match: 'POST /rest/api/3/issue {' });
    const id = raise();
    await eventually('the run to begin', () => madeOnce(id).rooms > 0);
    const begun = Date.now();
    expect(await baton.kill('SIGTERM')).toBe(0);
    expect(Date.now() - begun).toBeLessThan(15_000);
    expect(await processesOf(folder)).toEqual([]);
    baton = await startBaton(env);
    await done(id);
    expect(madeOnce(id)).toEqual({ issues: 1, rooms: 1, notes: 1 });
    expect(await broken()).toEqual([]);
  });
});
