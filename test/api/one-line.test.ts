import { Client } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientFor } from '../../activities/clients.ts';
import { authorityOf } from '../../secrets/authority.ts';
import { encryptionOf } from '../../secrets/encryption.ts';
import { makeToken } from '../../secrets/token.ts';
import type { Examined } from '../../server/doctor.ts';
import { operations } from '../../server/operations/index.ts';
import type { AnyOperation } from '../../server/operations/operation.ts';
import { type PagerDutySimulator, pagerDutyEnvironment, startPagerDuty } from '../../simulator/pagerduty.ts';
import { storedConnections } from '../../store/connections/stored-connections.ts';
import type { Store } from '../../store/store.ts';
import { request } from '../store/approval.ts';
import { parkedAt, question } from '../store/question.ts';
import { delivery, embeddedWorld, entry, fresh, type World } from '../store/world.ts';
import { startTestTemporal } from '../temporal.ts';
import { incident, type Served, serve } from './served.ts';
import { simulated } from './simulated.ts';

const changes: readonly AnyOperation[] = operations.filter(({ kind }) => kind === 'change');

describe('each change that somebody asks for', () => {
  let temporal: TestWorkflowEnvironment;
  let client: Client;
  let world: World;
  let store: Store;
  let served: Served;
  let pagerDuty: PagerDutySimulator;
  let tested = 0;
  beforeAll(async () => {
    temporal = await startTestTemporal();
    client = new Client({ connection: temporal.connection });
    world = await embeddedWorld();
    store = world.newStore();
    const jira = { provider: 'jira', connection: 'default' } as Examined;
    const { worker, simulation } = await simulated();
    pagerDuty = await startPagerDuty();
    served = await serve(store, {
      worker,
      simulation,
      // What PagerDuty does is looked at in the story of a whole incident.
      changesIncident: async () => ({ changed: true }),
      clientFor: (provider, of) => clientFor(provider, of, {}),
      publicUrl: 'https://baton.example.com',
      runs: { client, taskQueue: 'none', eagerStart: false, authority: authorityOf('a key of this test') },
      connections: storedConnections({ store, encryption: encryptionOf('another'), learn: () => {} }),
      doctor: async () => ({
        connections: async () => {
          tested += 1;
          return [{ ...jira, simulated: true }];
        },
        activities: [],
        scrub: (text) => text,
      }),
    });
  });
  afterAll(async () => {
    await served.close();
    await pagerDuty.close();
    await world.close();
    await temporal.teardown();
  });

  const post = (path: string, body?: unknown) =>
    served.ask('POST', `/api/v1${path}`, { body, token: 'operator' });
  const values = { JIRA_BASE_URL: 'https://jira.example', JIRA_EMAIL: 'a@b.example', JIRA_API_TOKEN: 'x' };
  const route = { provider: 'jira', workflow: 'waitForNews' };
  async function connection() {
    const name = fresh('eu-');
    const added = await served.ask('POST', '/api/v1/connections', {
      body: { name, provider: 'jira', values },
    });
    expect(added.status).toBe(200);
    return name;
  }
  /** A connection to an account of PagerDuty that sends webhooks there. */
  async function account() {
    const name = fresh('us-');
    const set = pagerDutyEnvironment(pagerDuty.url);
    await served.ask('POST', '/api/v1/connections', {
      body: { name, provider: 'pagerduty', values: set },
    });
    const url = `https://baton.example.com/webhooks/pagerduty/${name}`;
    pagerDuty.world.subscriptions.push({ id: fresh('PWEBHOO'), url, secret: 'x', active: false });
    return name;
  }
  async function person() {
    const email = `${fresh('ada')}@example.com`;
    await store.setRole(email, 'viewer', entry());
    return email;
  }
  async function started() {
    const { subject } = await incident(store);
    return { workflow: 'waitForNews', input: { incidentId: subject }, reason: 'x' };
  }

  /** A subscription with a delivery that is tried no more. */
  async function exhausted() {
    const name = fresh('told-');
    await store.fanOut(name, () => undefined);
    await world.run(`insert into deliveries (subscription, event_id, type, event, state, settled_at)
      values ('${name}', 'evt-1', 'run.failed', '{"subject":"P1","time":""}', 'exhausted', now())`);
    const { items } = await store.pageOfFailedDeliveries({ subscription: name, limit: 1 });
    return { name, id: items[0]?.id };
  }

  async function approval() {
    const { id: runId } = (await post('/runs', await started())).json.run;
    const { id } = await store.askApproval(request({ runId, workflow: 'waitForNews' }));
    return id;
  }

  /** For each change: makes what it needs, and gives the path and the body by which it is asked for. */
  const askings: Record<string, () => Promise<[path: string, body?: unknown]>> = {
    'incidents.acknowledge': async () => [`/incidents/${(await incident(store)).subject}/acknowledge`],
    'incidents.resolve': async () => [`/incidents/${(await incident(store)).subject}/resolve`],
    'incidents.note': async () => [`/incidents/${(await incident(store)).subject}/note`, { text: 'x' }],
    'events.replay': async () => [`/events/${(await incident(store)).seq}/replay`],
    'runs.start': async () => ['/runs', await started()],
    'runs.stop': async () => {
      const { id } = (await post('/runs', await started())).json.run;
      return [`/runs/${id}/stop`, { reason: 'x' }];
    },
    'connections.add': async () => ['/connections', { name: fresh('eu-'), provider: 'jira', values }],
    'connections.change': async () => [
      `/connections/${await connection()}/change`,
      { values: { JIRA_API_TOKEN: 'new' } },
    ],
    'connections.rotate': async () => [
      `/connections/${await connection()}/rotate`,
      { values: { JIRA_API_TOKEN: 'new' } },
    ],
    'connections.remove': async () => [`/connections/${await connection()}`],
    'connections.restore': async () => {
      const name = await connection();
      await served.ask('DELETE', `/api/v1/connections/${name}`);
      return [`/connections/${name}/restore`];
    },
    'connections.test': async () => ['/connections/default/test'],
    'subscriptions.replay': async () => {
      const { name, id } = await exhausted();
      return [`/subscriptions/${name}/replay`, { id }];
    },
    'subscriptions.resume': async () => {
      const { name } = await exhausted();
      await world.run(`update subscriptions set stopped_at = now() where name = '${name}'`);
      return [`/subscriptions/${name}/resume`];
    },
    'connections.ping': async () => [`/connections/${await account()}/ping`, { seconds: 1 }],
    'setup.consent': async () => [
      '/setup/pagerduty/consent',
      {
        name: fresh('user-'),
        answers: { oauth: true, clientId: 'app-1', clientSecret: 's' },
      },
    ],
    // What they make and take away has lines of its own.
    'setup.connect': async () => [
      '/setup/pagerduty',
      { name: await account(), answers: { service: 'Checkout', webhook: 'none' }, dryRun: true },
    ],
    'teardown.connection': async () => [`/teardown/pagerduty/${await account()}`, { dryRun: true }],
    'routes.set': async () => ['/routes', { ...route, connection: await connection() }],
    'routes.remove': async () => {
      await served.ask('PUT', '/api/v1/routes', { body: { ...route, connection: await connection() } });
      return ['/routes', route];
    },
    'approvals.approve': async () => [`/approvals/${await approval()}/approve`, {}],
    'approvals.refuse': async () => [`/approvals/${await approval()}/refuse`, {}],
    'triggers.plan': async () => {
      const { subject } = await incident(store);
      const type = 'pagerduty.incident.triggered';
      const data = { urgency: 'high', service: { id: 'PCHECK', name: 'Checkout' } };
      const event = {
        id: fresh('E'),
        source: '/pagerduty',
        type,
        subject,
        time: '2026-03-01T10:00:00.000Z',
        data,
      };
      const { seq } = await store.receive(delivery({ eventId: event.id, subject, event }));
      return ['/triggers/news/plan', { event: String(seq) }];
    },
    'changes.halt': async () => ['/changes/halt', { reason: 'x', workflow: 'waitForNews' }],
    'changes.freeze': async () => [
      '/changes/freeze',
      { reason: 'x', until: new Date(Date.now() + 60_000).toISOString() },
    ],
    'changes.allow': async () => {
      const { id } = await store.setHold({ kind: 'freeze', reason: 'x', by: 'baton' }, () => entry());
      return [`/changes/holds/${id}/lift`, { reason: 'x' }];
    },
    'questions.answer': async () => {
      const { id: runId } = (await post('/runs', await started())).json.run;
      const { id } = await store.askQuestion(question({ runId, workflow: 'waitForNews' }));
      return [`/questions/${id}/answer`, { values: { choice: 'eu-west-1' } }];
    },
    'runs.unpark': async () => {
      const { id: runId } = (await post('/runs', await started())).json.run;
      await store.askQuestion(parkedAt({ runId, workflow: 'waitForNews' }));
      return [`/runs/${runId}/unpark`, { decision: 'skip', reason: 'x' }];
    },
    'tokens.create': async () => ['/tokens', { name: fresh('token-'), role: 'viewer' }],
    'tokens.revoke': async () => {
      const { id, hash } = makeToken();
      const made = { id, hash, name: fresh('token-'), role: 'viewer', scope: {}, days: 1 } as const;
      await store.createToken({ ...made, createdBy: 'baton' }, entry());
      return [`/tokens/${id}`];
    },
    'triggers.lower': async () => {
      await world.run('delete from lowered_triggers');
      return ['/triggers/news/lower', { to: 'observe', reason: 'x' }];
    },
    'triggers.enable': async () => {
      await store.lowerTrigger({ trigger: 'news', mode: 'off', by: 'baton', reason: 'x' }, entry());
      return ['/triggers/news/enable', { reason: 'x' }];
    },
    'simulator.play': async () => ['/simulator/play', { story: 'crash-loop' }],
    'simulator.storm': async () => ['/simulator/storm', { incidents: 2 }],
    'simulator.fail': async () => ['/simulator/providers/slack/fail', { fault: 'error' }],
    'simulator.heal': async () => ['/simulator/providers/slack/heal', {}],
    'simulator.worker': async () => ['/simulator/worker', { state: 'running' }],
    'people.set': async () => [`/people/${await person()}`, { role: 'operator' }],
    'people.remove': async () => [`/people/${await person()}`],
    'people.link': async () => [`/people/${await person()}/slack`, { slackUser: fresh('U0ADA') }],
  };

  const linesOf = async () => {
    const { rows } = await sql<{ action: string }>`
      select action from record_queue where actor = 'token:the-admin' order by id`.execute(world.db);
    return rows.map(({ action }) => action);
  };
  /** All that a change may change in the store, but for what it leaves behind as a key. */
  const tables = [
    'people',
    'tokens',
    'sessions',
    'connections',
    'routes',
    'runs',
    'inbox',
    'approvals',
    'holds',
    'lowered_triggers',
    'questions',
    'subscriptions',
    'deliveries',
  ];
  const kept = async () =>
    Promise.all(
      tables.map(async (table) => {
        const rows = sql<{
          row: unknown;
        }>`select to_jsonb(t) as row from ${sql.table(table)} as t order by 1`;
        return (await rows.execute(world.db)).rows;
      }),
    );
  /** Lets the record take no line for which the condition does not hold. */
  async function whileOnly<Result>(condition: string, work: () => Promise<Result>): Promise<Result> {
    await world.run(`alter table record_queue add constraint refused check (${condition}) not valid`);
    return work().finally(() => world.run('alter table record_queue drop constraint refused'));
  }

  it.each(changes)('is made with its one line or not at all: $name', async (operation) => {
    const [path, body] = (await askings[operation.name]?.()) ?? [];
    if (path === undefined) throw new Error(`Say here how ${operation.name} is asked for`);
    const ask = () => served.ask(operation.route.split(' ')[0] ?? '', `/api/v1${path}`, { body });
    const before = [await kept(), tested];
    expect((await whileOnly('false', ask)).status).toBe(503);
    expect([await kept(), tested]).toEqual(before);

    const lines = await linesOf();
    expect((await ask()).status).toBe(200);
    const more = (await linesOf()).slice(lines.length);
    if (operation.writesOwnLine) expect(more).toHaveLength(1);
    else expect(more).toEqual(['operation.intended', 'operation.done']);
  });

  it('is not told as failed where it was made and only the line of that could not be written', async () => {
    const lines = await linesOf();
    const asked = () =>
      served.ask('POST', '/api/v1/connections/default/test', { headers: { 'idempotency-key': 'once' } });
    const before = tested;
    const answers = [await whileOnly("action <> 'operation.done'", asked), await asked()];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(tested - before).toBe(1);
    expect((await linesOf()).slice(lines.length)).toEqual(['operation.intended']);
  });
});
