import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { http } from '../../../activities/http/provider.ts';
import { defineProvider } from '../../../activities/provider.ts';
import { encryptionOf } from '../../../secrets/encryption.ts';
import { checkedValues } from '../../../server/operations/connection-values.ts';
import {
  addConnection,
  changeConnection,
  listConnections,
  removeConnection,
  showConnection,
} from '../../../server/operations/connections.ts';
import { listProviders } from '../../../server/operations/connections-providers.ts';
import { rotateConnection } from '../../../server/operations/connections-rotate.ts';
import type { AnyOperation, OperationContext } from '../../../server/operations/operation.ts';
import { listRoutes, removeRoute, setRoute } from '../../../server/operations/routes.ts';
import { storedConnections } from '../../../store/connections/stored-connections.ts';
import { defineSubscription } from '../../../triggers/subscription.ts';
import { delivery, embeddedWorld, fresh, type World } from '../../store/world.ts';

const text = z.string().optional();
const unused = { connect: async () => ({}), check: async () => [] };
const pagerDuty = defineProvider({
  name: 'pagerduty',
  title: 'PagerDuty',
  settings: z.object({
    PAGERDUTY_API_TOKEN: text,
    PAGERDUTY_ROUTING_KEY: text,
    PAGERDUTY_REGION: z.enum(['us', 'eu'], { error: 'is neither us nor eu' }).optional(),
  }),
  secrets: ['PAGERDUTY_API_TOKEN', 'PAGERDUTY_ROUTING_KEY'],
  ...unused,
});
const jira = defineProvider({
  name: 'jira',
  title: 'Jira',
  settings: z.object({ JIRA_BASE_URL: text, JIRA_API_TOKEN: z.string({ error: 'is missing' }) }),
  secrets: ['JIRA_API_TOKEN'],
  ...unused,
});
const token = 'u+canary-token-0815';
const routingKey = '0123456789abcdef0123456789abcdef';

let world: World;
let context: OperationContext;
beforeAll(async () => {
  world = await embeddedWorld();
  const store = world.newStore();
  context = {
    store,
    connections: storedConnections({
      store,
      encryption: encryptionOf('a key of the tests'),
      learn: () => {},
    }),
    providers: [pagerDuty, jira, http],
    triggers: async () => [],
    activities: async () => [],
    workflows: async () => ({ names: ['restart', 'deploy', 'used'], startable: [] }),
    doctor: async () => ({ connections: async () => [], activities: [], scrub: (text) => text }),
    policies: async () => ({ pages: [], journal: [] }),
    linkedPeople: () => new Map(),
    retentionDays: 365,
    checkApprover: () => Promise.reject(new Error('Nobody answers approvals here')),
    settings: () => ({ JIRA_API_TOKEN: '••••••••', JIRA_OTHER: 'x' }),
    ownValues: () => ({}),
    clientFor: () => Promise.reject(new Error('Nobody sets anything up here')),
    principal: { kind: 'person', name: 'ada@example.com', role: 'admin' },
    via: 'api',
  };
});
afterAll(() => world.close());

/** As a door does it: what comes in is parsed, and what goes out too. */
async function ask(operation: AnyOperation, input: Record<string, unknown>) {
  return operation.output.parse(await operation.run(operation.input.parse(input), context));
}
const names = () => fresh('eu-');
const add = (name: string, values: Record<string, string>, provider = 'pagerduty') =>
  ask(addConnection, { name, provider, values });
const added = async (values: Record<string, string> = { PAGERDUTY_API_TOKEN: token }) => {
  const name = names();
  await add(name, values);
  return name;
};
const refusal = (status: number, words: RegExp) => ({ status, message: expect.stringMatching(words) });

describe('a connection', () => {
  it('is of a provider that tells what one is made of, and which of that is secret', async () => {
    const { items } = await ask(listProviders, {});
    expect(items.map(({ name }: { name: string }) => name)).toEqual(['pagerduty', 'jira', 'http']);
    const origins = items[2].values.find(({ name }: { name: string }) => name === 'HTTP_ALLOWED_ORIGINS');
    expect(origins.gets).toEqual(['HTTP_BEARER_TOKEN', 'HTTP_HMAC_SECRET']);
    expect(items[0].values).toEqual([
      { name: 'PAGERDUTY_API_TOKEN', about: '', isSecret: true },
      { name: 'PAGERDUTY_ROUTING_KEY', about: '', isSecret: true },
      { name: 'PAGERDUTY_REGION', about: '', isSecret: false, oneOf: ['us', 'eu'] },
    ]);
  });

  it('shows the last characters of a secret only where 20 more are hidden', async () => {
    const name = names();
    const values = { PAGERDUTY_API_TOKEN: 'x'.repeat(23), PAGERDUTY_ROUTING_KEY: `${'x'.repeat(20)}0815` };
    expect((await add(name, values)).variables).toEqual([
      { name: 'PAGERDUTY_API_TOKEN', isSecret: true },
      { name: 'PAGERDUTY_ROUTING_KEY', isSecret: true, ends: '0815' },
    ]);
  });

  it('shows what is set and no secret, in the answer to whoever added it too', async () => {
    const name = names();
    const values = { PAGERDUTY_API_TOKEN: token, PAGERDUTY_ROUTING_KEY: 'short-key', PAGERDUTY_REGION: 'eu' };
    const answer = await add(name, values);
    expect(answer).toMatchObject({
      name,
      provider: 'pagerduty',
      state: 'unverified',
      isReadable: true,
      createdBy: 'person:ada@example.com',
      variables: [
        { name: 'PAGERDUTY_API_TOKEN', isSecret: true },
        { name: 'PAGERDUTY_REGION', isSecret: false, value: 'eu' },
        { name: 'PAGERDUTY_ROUTING_KEY', isSecret: true },
      ],
    });
    expect(await ask(showConnection, { name })).toEqual(answer);
    const list = await ask(listConnections, { provider: 'pagerduty' });
    expect(list.items).toContainEqual(expect.objectContaining({ name, state: 'unverified' }));
    expect((await ask(listConnections, { provider: 'jira' })).items).not.toContainEqual(
      expect.objectContaining({ name }),
    );
    expect(list.defaults).toEqual([{ provider: 'pagerduty', variables: [] }]);
    expect((await ask(listConnections, {})).defaults).toEqual([
      { provider: 'pagerduty', variables: [] },
      { provider: 'jira', variables: ['JIRA_API_TOKEN'] },
      { provider: 'http', variables: [] },
    ]);
    const record = await context.store.readRecord({ subject: `connection:${name}`, limit: 10 });
    expect(record).toMatchObject([
      { actor: 'person:ada@example.com', via: 'api', detail: { variables: Object.keys(values).sort() } },
    ]);
    const told = JSON.stringify([answer, list, record]);
    for (const secret of [token, 'short-key']) expect(told).not.toContain(secret);
  });

  it('is refused with all complaints at once, and without what was given', async () => {
    const values = {
      PAGERDUTY_TOKEN: token,
      PAGERDUTY_API_TOKEN: `${token}\n`,
      PAGERDUTY_REGION: 'moon-canary',
    };
    const failure = await add(names(), values).catch((error: Error) => error);
    expect(failure).toMatchObject({ status: 422 });
    const { message } = failure as Error;
    expect(message).toContain('PAGERDUTY_TOKEN is no setting of PagerDuty');
    expect(message).toContain('PAGERDUTY_API_TOKEN begins or ends with a space or a line break');
    expect(message).toContain('PAGERDUTY_REGION is neither us nor eu');
    expect(message).not.toMatch(/canary/);
  });

  it.each([
    ['default', 'pagerduty', { PAGERDUTY_API_TOKEN: token }, /environment’s variables/],
    ['eu', 'pager', { PAGERDUTY_API_TOKEN: token }, /There are: pagerduty, jira/],
    ['eu', 'jira', { JIRA_BASE_URL: 'https://x.example' }, /JIRA_API_TOKEN is missing/],
    [
      'eu',
      'jira',
      { JIRA_API_TOKEN: token, JIRA_BASE_URL: 'https://a:b@x.example' },
      /password within its address/,
    ],
    [
      'eu',
      'jira',
      { JIRA_API_TOKEN: token, JIRA_BASE_URL: `https://${token}@x.example` },
      /user within its address, which may be a token/,
    ],
    [
      'eu',
      'pagerduty',
      { [token]: 'PAGERDUTY_API_TOKEN' },
      /^(?!.*canary).*A name that is no variable’s is no setting of PagerDuty/,
    ],
    ['eu', 'pagerduty', {}, /no value is given/],
  ])('is refused under the name %s of %s with %j', async (name, provider, values, words) => {
    await expect(add(name, values, provider)).rejects.toMatchObject(refusal(422, words));
  });

  it('may hold a password in the address of a proxy, which is a secret, and so is the password alone', async () => {
    const values = { HTTP_PROXY_URL: 'http://ada:c%40nary-word@proxy.example:3128' };
    expect(checkedValues(http, values)).toEqual({ values, secrets: ['HTTP_PROXY_URL'] });
    const learned: string[] = [];
    const { store } = context;
    const encryption = encryptionOf('a key of the tests');
    const connections = storedConnections({ store, encryption, learn: (more) => learned.push(...more) });
    const name = names();
    const entry = {
      at: new Date().toISOString(),
      actor: 'person:ada@example.com',
      via: 'api',
      action: 'connection.added' as const,
      subject: `connection:${name}`,
      detail: { name, provider: 'http', variables: ['HTTP_PROXY_URL'] },
    };
    await connections.add({ name, provider: 'http', ...checkedValues(http, values), by: 'ada', entry });
    expect(learned).toEqual(expect.arrayContaining(['c%40nary-word', 'c@nary-word']));
  });

  it.each(['EU', 'a/b', '-eu', 'eu-', 'a b', 'a'.repeat(41), ''])('has no name like %j', async (name) => {
    await expect(add(name, { PAGERDUTY_API_TOKEN: token })).rejects.toBeInstanceOf(z.ZodError);
  });

  it('has a name of its own among all providers', async () => {
    const name = await added();
    await expect(add(name, { JIRA_API_TOKEN: token }, 'jira')).rejects.toMatchObject(
      refusal(409, /There is a connection/),
    );
  });

  it('gets new values at once: what is not named stays, and null takes one away', async () => {
    const name = await added({ PAGERDUTY_API_TOKEN: token, PAGERDUTY_REGION: 'eu' });
    const values = { PAGERDUTY_API_TOKEN: `${token}-new`, PAGERDUTY_ROUTING_KEY: routingKey };
    await ask(changeConnection, { name, values });
    expect((await context.connections.settingsOf('pagerduty', name))?.values).toEqual({
      ...values,
      PAGERDUTY_REGION: 'eu',
    });
    await ask(changeConnection, { name, values: { PAGERDUTY_REGION: null } });
    expect((await context.connections.settingsOf('pagerduty', name))?.values).toEqual(values);
  });

  it('keeps its old values where the new ones are refused', async () => {
    const name = await added();
    const change = ask(changeConnection, { name, values: { PAGERDUTY_REGION: 'moon' } });
    await expect(change).rejects.toMatchObject(refusal(422, /neither us nor eu/));
    expect((await context.connections.settingsOf('pagerduty', name))?.values).toEqual({
      PAGERDUTY_API_TOKEN: token,
    });
  });

  it('is sent to no new place with what it keeps secret, by a change or by a rotation', async () => {
    const name = names();
    const before = { HTTP_SUBSCRIBER_URL: 'https://a.example/in', HTTP_SUBSCRIBER_HEADERS: '{"X-Key":"k"}' };
    await add(name, before, 'http');
    const moved = { HTTP_SUBSCRIBER_URL: 'https://elsewhere.example' };
    for (const operation of [changeConnection, rotateConnection])
      await expect(ask(operation, { name, values: moved })).rejects.toMatchObject(
        refusal(422, /^(?!.*elsewhere).*Give HTTP_SUBSCRIBER_HEADERS too, or take it away/),
      );
    expect((await context.connections.settingsOf('http', name))?.values).toEqual(before);
    const anew = { ...moved, HTTP_SUBSCRIBER_HEADERS: '{"X-Key":"k"}' };
    await ask(changeConnection, { name, values: anew });
    expect((await context.connections.settingsOf('http', name))?.values).toEqual(anew);
  });

  it.each([showConnection, removeConnection])('that is not there is a 404: %o', async (operation) => {
    await expect(ask(operation, { name: 'nowhere' })).rejects.toMatchObject(
      refusal(404, /no connection nowhere/),
    );
    await expect(ask(operation, { name: 'default' })).rejects.toMatchObject(
      refusal(404, /environment’s variables/),
    );
  });

  it('is not removed while routes or live runs use it, unless it is forced; its routes then stay', async () => {
    const name = await added();
    await ask(setRoute, { provider: 'pagerduty', workflow: 'used', connection: name });
    const { seq } = await context.store.receive(delivery());
    const run = { id: `run/${name}`, trigger: 't', workflow: 'w', target: 'x', eventSeq: seq, input: {} };
    await context.store.decide({ seq, runs: [{ ...run, cause: { connection: name } }], entries: [] });
    const removal = ask(removeConnection, { name });
    await expect(removal).rejects.toMatchObject(
      refusal(409, new RegExp(`the workflow .*; the run run/${name}`)),
    );
    expect((await ask(removeConnection, { name, force: true })).users).toHaveLength(2);
    expect(await context.connections.settingsOf('pagerduty', name)).toBeUndefined();
    expect((await ask(listRoutes, {})).items).toContainEqual(expect.objectContaining({ connection: name }));
    const unused = await added();
    expect(await ask(removeConnection, { name: unused })).toEqual({ name: unused, users: [] });
  });
});

describe('a connection that a reviewed file names', () => {
  it('is not removed while a subscription, a monitor, a deployment or a policy uses it', async () => {
    const name = await added();
    const before = context.policies;
    context.policies = async () => ({
      pages: [{ workflow: 'restart', connection: name }],
      journal: [],
      subscriptions: [defineSubscription({ name: 'board', types: ['run.failed'], connection: name })],
      monitors: [{ name: 'orders', connection: name, from: { source: 'other' } }],
      deployments: [{ source: 'shop-ci', service: 'shop', stages: {}, connection: name }],
    });
    onTestFinished(() => {
      context.policies = before;
    });
    const users = [
      'the page policy of restart',
      'the deployments of shop',
      'the monitor orders',
      'the subscription board',
    ];
    await expect(ask(removeConnection, { name })).rejects.toMatchObject(
      refusal(409, new RegExp(`is used by ${users.join('; ')}\\. .*reviewed files`)),
    );
    expect(await ask(removeConnection, { name, force: true })).toEqual({ name, users });
  });
});

describe('a route', () => {
  it('is set, listed, replaced and removed', async () => {
    const [one, two] = [await added(), await added()];
    const key = { provider: 'pagerduty', workflow: 'restart', service: 'PSVC' };
    await ask(setRoute, { ...key, connection: one });
    await ask(setRoute, { ...key, connection: two });
    const own = async () =>
      (await ask(listRoutes, {})).items.filter(
        ({ workflow }: { workflow?: string }) => workflow === 'restart',
      );
    expect(await own()).toEqual([{ ...key, connection: two }]);
    expect(await ask(removeRoute, key)).toEqual({ ...key, connection: two });
    expect(await own()).toEqual([]);
    await expect(ask(removeRoute, key)).rejects.toMatchObject(
      refusal(404, /workflow restart and the service PSVC/),
    );
  });

  it('leads to a connection that is there, of this provider, for somebody', async () => {
    const name = await added();
    const set = (input: object) =>
      ask(setRoute, { provider: 'pagerduty', workflow: 'restart', connection: name, ...input });
    await expect(set({ connection: 'nowhere' })).rejects.toMatchObject(refusal(404, /no connection nowhere/));
    await expect(set({ provider: 'jira' })).rejects.toMatchObject(refusal(422, /is one of pagerduty/));
    await expect(set({ workflow: undefined })).rejects.toMatchObject(refusal(422, /Name one/));
    await expect(set({ provider: 'jira', purpose: 'change-events' })).rejects.toMatchObject(
      refusal(422, /go to PagerDuty/),
    );
    await expect(set({ workflow: 'Restrat' })).rejects.toMatchObject(refusal(422, /Did you mean restart\?/));
    await expect(set({ workflow: 'other' })).rejects.toMatchObject(refusal(422, /workflows\.list/));
    await expect(set({ service: 'no id' })).rejects.toBeInstanceOf(z.ZodError);
  });

  it('for change events is refused to default, too, where that has the key of an orchestration', async () => {
    const set = (PAGERDUTY_ROUTING_KEY: string | undefined) =>
      setRoute.run(
        { provider: 'pagerduty', purpose: 'change-events', workflow: 'deploy', connection: 'default' },
        {
          ...context,
          ownValues: () => (PAGERDUTY_ROUTING_KEY === undefined ? {} : { PAGERDUTY_ROUTING_KEY }),
        },
      );
    const key = `R${routingKey.slice(1)}`;
    const failure = await set(key).catch((error: Error) => error);
    expect(failure).toMatchObject(
      refusal(422, /The connection default has the routing key of an orchestration/),
    );
    expect((failure as Error).message).not.toContain(key);
    expect(await set(routingKey)).toMatchObject({ connection: 'default' });
    // The key may be another process's: a worker sends change events.
    expect(await set(undefined)).toMatchObject({ connection: 'default' });
  });

  it('for change events is refused to the key of an orchestration, when it is configured', async () => {
    const orchestration = `R${routingKey.slice(1)}`;
    const name = await added({ PAGERDUTY_ROUTING_KEY: orchestration });
    const without = await added();
    const set = (connection: string) =>
      ask(setRoute, { provider: 'pagerduty', purpose: 'change-events', workflow: 'deploy', connection });
    await expect(set(name)).rejects.toMatchObject(refusal(422, /orchestration or a ruleset/));
    await expect(set(without)).rejects.toMatchObject(refusal(422, /no PAGERDUTY_ROUTING_KEY/));
    // Alerts may go there.
    await ask(setRoute, { provider: 'pagerduty', workflow: 'deploy', connection: name });

    await ask(changeConnection, { name, values: { PAGERDUTY_ROUTING_KEY: routingKey } });
    await set(name);
    const back = ask(changeConnection, { name, values: { PAGERDUTY_ROUTING_KEY: orchestration } });
    await expect(back).rejects.toMatchObject(refusal(422, /orchestration or a ruleset/));
  });
});
