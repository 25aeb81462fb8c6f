import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setupConnect } from '../../../server/operations/setup.ts';
import { teardownConnection } from '../../../server/operations/teardown.ts';
import type { Store } from '../../../store/store.ts';
import { embeddedWorld, entry, fresh, type World } from '../../store/world.ts';
import { accountToken, changesAt, publicUrl, startSetUp } from './set-up-world.ts';

let world: World;
let store: Store;
beforeAll(async () => {
  world = await embeddedWorld();
  store = world.newStore();
});
afterAll(() => world.close());

const subscriptionPath = 'POST /webhook_subscriptions';
const integrationPath = 'POST /services/PCHECKO/integrations';
const outcomes = ({ steps }: { steps: { kind: string; outcome: string }[] }) =>
  Object.fromEntries(steps.map(({ kind, outcome }) => [kind, outcome]));
const refusal = (status: number, words: RegExp) => ({ status, message: expect.stringMatching(words) });

describe('setup of PagerDuty', () => {
  it('makes an integration and a subscription for a service that is there, and keeps their secrets unseen', async () => {
    const { simulator, answers, ask, values, name, actions, learnt } = await startSetUp(store);
    const done = await ask(setupConnect, answers);
    expect(outcomes(done)).toEqual({
      connection: 'made',
      service: 'was there',
      integration: 'made',
      'webhook subscription': 'made',
    });
    expect(changesAt(simulator)).toEqual([integrationPath, subscriptionPath]);
    const [checkout] = simulator.world.services;
    const [integration] = checkout?.integrations ?? [];
    expect(integration?.name).toBe('baton-checkout');
    const [subscription] = simulator.world.subscriptions;
    const address = `${publicUrl}/webhooks/pagerduty/${name}`;
    expect(subscription).toMatchObject({ url: address, filter: { type: 'account_reference' } });
    expect(done.address).toBe(address);
    expect(await values()).toEqual({
      PAGERDUTY_API_TOKEN: accountToken,
      PAGERDUTY_FROM_EMAIL: 'baton@example.com',
      PAGERDUTY_REGION: 'eu',
      PAGERDUTY_API_URL: simulator.url,
      PAGERDUTY_EVENTS_URL: `${simulator.url}/events`,
      PAGERDUTY_ROUTING_KEY: integration?.routingKey,
      PAGERDUTY_WEBHOOK_SECRETS: subscription?.secret,
    });
    const record = await store.readRecord({ subject: `connection:${name}`, limit: 100 });
    const secrets = [accountToken, integration?.routingKey ?? '', subscription?.secret ?? ''];
    for (const secret of secrets) {
      expect(JSON.stringify([done, record])).not.toContain(secret);
      expect(learnt).toContain(secret);
    }
    expect(await actions()).toEqual([
      'connection.added',
      'connection.changed',
      'connection.set_up',
      'connection.changed',
      'connection.set_up',
    ]);
  });

  it('adopts all of it when it is done again, and changes nothing', async () => {
    const { simulator, answers, ask, values } = await startSetUp(store);
    await ask(setupConnect, answers);
    const before = await values();
    const made = changesAt(simulator);
    // The token is known by now.
    const { token: _, region: __, ...again } = answers;
    const done = await ask(setupConnect, again);
    expect(outcomes(done)).toEqual({
      connection: 'was there',
      service: 'was there',
      integration: 'made before',
      'webhook subscription': 'made before',
    });
    expect(changesAt(simulator)).toEqual(made);
    expect(await values()).toEqual(before);
  });

  it('makes a service with a name and an escalation policy', async () => {
    const { simulator, answers, ask } = await startSetUp(store);
    const given = { ...answers, service: 'Card Payments', webhook: 'service' };
    await expect(ask(setupConnect, given)).rejects.toMatchObject(
      refusal(422, /no service Card Payments.*give an escalation policy/),
    );
    await expect(ask(setupConnect, { ...given, escalationPolicy: 'Nobody' })).rejects.toMatchObject(
      refusal(422, /no escalation policy Nobody/),
    );
    expect(changesAt(simulator)).toEqual([]);
    const done = await ask(setupConnect, { ...given, escalationPolicy: 'checkout on-call' });
    expect(outcomes(done)).toMatchObject({ service: 'made', integration: 'made' });
    const made = simulator.world.services.find(({ name }) => name === 'Card Payments');
    expect(made).toMatchObject({ policyId: 'PEPCHEC', integrations: [{ name: 'baton-card-payments' }] });
    expect(simulator.world.subscriptions).toMatchObject([
      { filter: { type: 'service_reference', id: made?.id } },
    ]);
    expect(outcomes(await ask(setupConnect, given))).toMatchObject({ service: 'made before' });
  });

  it.each([
    ['team', { webhook: 'team', team: 'payments' }, { type: 'team_reference', id: 'PTEAM01' }],
    ['service', { webhook: 'service' }, { type: 'service_reference', id: 'PCHECKO' }],
  ])('subscribes to the webhooks of a %s', async (_, more, filter) => {
    const { simulator, answers, ask } = await startSetUp(store);
    await ask(setupConnect, { ...answers, ...more });
    expect(simulator.world.subscriptions).toMatchObject([{ filter }]);
  });

  it('tells the address where no subscription is wanted', async () => {
    const { simulator, answers, ask, name } = await startSetUp(store);
    const done = await ask(setupConnect, { ...answers, webhook: 'none' });
    expect(done.address).toBe(`${publicUrl}/webhooks/pagerduty/${name}`);
    expect(simulator.world.subscriptions).toEqual([]);
  });

  it('tells in a dry run the calls that it makes, and makes none that changes anything', async () => {
    const { simulator, answers, ask, values } = await startSetUp(store);
    const given = { ...answers, service: 'Payments', escalationPolicy: 'PEPCHEC' };
    const planned = await ask(setupConnect, { ...given, dryRun: true });
    expect(changesAt(simulator)).toEqual([]);
    expect(await values()).toBeUndefined();
    expect(new Set(Object.values(outcomes(planned)))).toEqual(new Set(['to be made']));
    const done = await ask(setupConnect, given);
    const id = simulator.world.services.at(-1)?.id ?? '';
    expect(JSON.parse(JSON.stringify(planned.calls).replaceAll('<id of the new service>', id))).toEqual(
      done.calls,
    );
    const sent = simulator.calls
      .filter(({ method }) => method === 'POST')
      .map(({ method, path, body }) => ({ method, path, body: JSON.parse(body) }));
    expect(sent).toEqual(done.calls);
  });
});

describe('a setup that is cut off', () => {
  it('finds the service and the integration that it had made, as its own', async () => {
    const { simulator, answers, ask, name } = await startSetUp(store);
    const given = { ...answers, service: 'Payments', escalationPolicy: 'PEPCHEC' };
    // It was made, and the process ended before it could say so.
    await store.intendSetUp(name, { kind: 'service', name: 'Payments', of: '' }, 'baton');
    simulator.world.services.push({
      id: 'PPAYMEN',
      name: 'Payments',
      description: 'Made by baton setup',
      policyId: 'PEPCHEC',
      integrationId: '',
      routingKey: '',
      integrations: [{ id: 'PINTEGR', name: 'baton-payments', routingKey: 'a1'.repeat(16) }],
    });
    await store.intendSetUp(name, { kind: 'integration', name: 'baton-payments', of: 'PPAYMEN' }, 'baton');
    const done = await ask(setupConnect, given);
    expect(outcomes(done)).toMatchObject({ service: 'made before', integration: 'made before' });
    expect(changesAt(simulator)).toEqual([subscriptionPath]);
    expect(await store.listSetUp(name)).toMatchObject([
      { kind: 'service', id: 'PPAYMEN' },
      { kind: 'integration', id: 'PINTEGR' },
      { kind: 'webhook subscription' },
    ]);
  });

  it('takes no service for its own that a person has made meanwhile', async () => {
    const { simulator, answers, ask, name } = await startSetUp(store);
    // It was about to be made, and the process ended before it was.
    await store.intendSetUp(name, { kind: 'service', name: 'Payments', of: '' }, 'baton');
    simulator.world.services.push({
      id: 'PPAYMEN',
      name: 'Payments',
      policyId: 'PEPCHEC',
      integrationId: '',
      routingKey: '',
    });
    const given = { ...answers, service: 'Payments' };
    expect(outcomes(await ask(setupConnect, { ...given, dryRun: true }))).toMatchObject({
      service: 'was there',
    });
    expect(await store.listSetUp(name)).toHaveLength(1);
    expect(outcomes(await ask(setupConnect, given))).toMatchObject({ service: 'was there' });
    expect((await store.listSetUp(name)).map(({ kind }) => kind)).not.toContain('service');
  });

  it.each([
    ['integration', integrationPath],
    ['webhook subscription', subscriptionPath],
  ])('makes no second %s where the answer of the first was lost', async (kind, match) => {
    const { simulator, answers, ask, name, values } = await startSetUp(store);
    simulator.fail({ kind: 'cut-after', match });
    await expect(ask(setupConnect, answers)).rejects.toMatchObject(refusal(503, /Do it again/));
    expect((await store.listSetUp(name)).find((item) => item.kind === kind)).toMatchObject({ id: undefined });
    const done = await ask(setupConnect, answers);
    expect(outcomes(done)).toMatchObject(
      kind === 'integration' ? { integration: 'made before' } : { 'webhook subscription': 'made' },
    );
    const [checkout] = simulator.world.services;
    expect(checkout?.integrations).toHaveLength(1);
    expect(simulator.world.subscriptions).toHaveLength(1);
    // Of the lost one nobody knows the secret, so it is taken away.
    expect(await values()).toMatchObject({
      PAGERDUTY_ROUTING_KEY: checkout?.integrations?.[0]?.routingKey,
      PAGERDUTY_WEBHOOK_SECRETS: simulator.world.subscriptions[0]?.secret,
    });
  });

  it('knows of an integration that it has made, and whose key it could not read', async () => {
    const { simulator, answers, ask, name, values } = await startSetUp(store);
    const made = { id: 'PINTEGR', name: 'baton-checkout' };
    const body = JSON.stringify({ integration: { ...made, type: 'events_api_v2_inbound_integration' } });
    simulator.fail({ kind: 'status', match: integrationPath, status: 201, body });
    simulator.fail({ kind: 'status', match: 'GET /services/PCHECKO/integrations/PINTEGR', status: 403 });
    await expect(ask(setupConnect, answers)).rejects.toMatchObject(refusal(422, /refused \(403\)/));
    expect(await store.listSetUp(name)).toMatchObject([{ kind: 'integration', id: undefined }]);
    const routingKey = 'a1'.repeat(16);
    Object.assign(simulator.world.services[0] ?? {}, { integrations: [{ ...made, routingKey }] });
    expect(outcomes(await ask(setupConnect, answers))).toMatchObject({ integration: 'made before' });
    expect((await store.listSetUp(name)).map(({ id }) => id)).toContain('PINTEGR');
    expect(await values()).toMatchObject({ PAGERDUTY_ROUTING_KEY: routingKey });
  });

  it('has the secret of the subscription stored before anything else happens', async () => {
    const { simulator, answers, ask, values, name, context } = await startSetUp(store);
    await ask(setupConnect, { ...answers, webhook: 'none' });
    const count = simulator.calls.length;
    const { change } = context.connections;
    let callsBefore = 0;
    context.connections.change = (...given) => {
      callsBefore = simulator.calls.length;
      return change(...given);
    };
    await ask(setupConnect, answers);
    expect(callsBefore).toBeGreaterThan(count);
    expect(simulator.calls.length).toBe(callsBefore);
    expect(simulator.calls.at(-1)).toMatchObject({ method: 'POST', path: '/webhook_subscriptions' });
    expect((await values())?.PAGERDUTY_WEBHOOK_SECRETS).toBe(simulator.world.subscriptions[0]?.secret);
    const [, last] = await store.listSetUp(name);
    expect(last?.id).toBe(simulator.world.subscriptions[0]?.id);
  });

  it('keeps the secret also where somebody changes the connection at the same moment', async () => {
    const { simulator, answers, ask, values, context, name } = await startSetUp(store);
    const { change } = context.connections;
    let isOnce = true;
    context.connections.change = async (connection, given) => {
      if (given.made?.kind === 'webhook subscription' && isOnce) {
        isOnce = false;
        return false;
      }
      return change(connection, given);
    };
    await ask(setupConnect, answers);
    expect(isOnce).toBe(false);
    expect((await values())?.PAGERDUTY_WEBHOOK_SECRETS).toBe(simulator.world.subscriptions[0]?.secret);
    expect(await store.listSetUp(name)).toHaveLength(2);
  });

  it('is told with what to do, where PagerDuty says no, and leaves nothing open', async () => {
    const { simulator, answers, ask, name } = await startSetUp(store);
    simulator.fail({ kind: 'status', match: 'POST /webhook_subscriptions', status: 400 });
    await expect(ask(setupConnect, answers)).rejects.toMatchObject(refusal(422, /PagerDuty refused \(400\)/));
    expect((await store.listSetUp(name)).map(({ kind }) => kind)).toEqual(['integration']);
    expect(outcomes(await ask(setupConnect, answers))).toMatchObject({ 'webhook subscription': 'made' });
  });
});

describe('two setups of one connection at once', () => {
  it('are one: the other is refused, and nothing is made twice', async () => {
    const { simulator, answers, ask, name } = await startSetUp(store);
    const both = await Promise.allSettled([ask(setupConnect, answers), ask(setupConnect, answers)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: refusal(409, /is being set up or torn down/),
    });
    expect(changesAt(simulator)).toEqual([integrationPath, subscriptionPath]);
    expect((await store.listSetUp(name)).map(({ id }) => id)).not.toContain(undefined);
    // It is over, and the next one may begin.
    expect(outcomes(await ask(setupConnect, answers))).toMatchObject({ integration: 'made before' });
  });

  it('are refused also in two processes, as a teardown is; a dry run looks', async () => {
    const { simulator, answers, ask, name } = await startSetUp(store);
    await ask(setupConnect, answers);
    const made = changesAt(simulator);
    expect(await world.newStore().takeDuty(`set-up/${name}`, 60, 'another')).toBe(true);
    for (const [operation, input] of [
      [setupConnect, answers],
      [teardownConnection, { name }],
    ] as const) {
      await expect(ask(operation, input)).rejects.toMatchObject({ status: 409, retryAfterSeconds: 90 });
      await ask(operation, { ...input, dryRun: true });
    }
    expect(changesAt(simulator)).toEqual(made);
    await store.releaseDuty(`set-up/${name}`, 'another');
    await ask(teardownConnection, { name });
  });

  it('forget nothing that was made, where one of them was told no', async () => {
    const name = fresh('eu-');
    const place = { kind: 'service', name: 'Payments', of: '' };
    await store.intendSetUp(name, place, 'baton');
    await store.noteSetUp(name, { ...place, id: 'PPAYMEN', entry: entry() });
    await store.withdrawSetUp(name, place);
    expect(await store.listSetUp(name)).toMatchObject([{ id: 'PPAYMEN' }]);
  });
});

describe('a subscription that is there already', () => {
  const there = (name: string, more = {}) => ({
    id: 'PWEBHOO',
    url: `${publicUrl}/webhooks/pagerduty/${name}`,
    secret: 'x'.repeat(64),
    ...more,
  });

  it('is not adopted while nobody knows its secret, and is replaced where that is asked for', async () => {
    const { simulator, answers, ask, name, values } = await startSetUp(store);
    simulator.world.subscriptions.push(there(name));
    await expect(ask(setupConnect, answers)).rejects.toMatchObject(
      refusal(409, /PWEBHOO leads to .* already, and tells its secret to nobody/),
    );
    // What is refused leaves nothing behind.
    expect(changesAt(simulator)).toEqual([]);
    expect(await values()).toBeUndefined();
    const done = await ask(setupConnect, { ...answers, replaceSubscription: true });
    expect(outcomes(done)).toMatchObject({ 'webhook subscription': 'made' });
    expect(changesAt(simulator).slice(1)).toEqual([
      subscriptionPath,
      'DELETE /webhook_subscriptions/PWEBHOO',
    ]);
    expect(simulator.world.subscriptions).toHaveLength(1);
    expect((await values())?.PAGERDUTY_WEBHOOK_SECRETS).toBe(simulator.world.subscriptions[0]?.secret);
  });

  it('is adopted with its secret, and what it does not send is told', async () => {
    const { simulator, answers, ask, name, values } = await startSetUp(store);
    simulator.world.subscriptions.push(there(name, { active: false }));
    const done = await ask(setupConnect, { ...answers, webhookSecret: 'x'.repeat(64) });
    expect(outcomes(done)).toMatchObject({ 'webhook subscription': 'was there' });
    expect(done.warnings).toEqual([
      expect.stringContaining('PWEBHOO is switched off'),
      expect.stringContaining('does not send incident.acknowledged'),
    ]);
    expect((await values())?.PAGERDUTY_WEBHOOK_SECRETS).toBe('x'.repeat(64));
    expect((await store.listSetUp(name)).map(({ kind }) => kind)).toEqual(['integration']);
  });

  it('is known as that of setup still where PagerDuty takes no other one in its place', async () => {
    const { simulator, answers, ask, name } = await startSetUp(store);
    await ask(setupConnect, answers);
    const [own] = simulator.world.subscriptions;
    simulator.fail({ kind: 'status', match: subscriptionPath, status: 400 });
    await expect(ask(setupConnect, { ...answers, replaceSubscription: true })).rejects.toMatchObject({
      status: 422,
    });
    expect((await store.listSetUp(name)).map(({ id }) => id)).toContain(own?.id);
    await ask(teardownConnection, { name });
    expect(simulator.world.subscriptions).toEqual([]);
  });

  it.each<[string, Parameters<Awaited<ReturnType<typeof startSetUp>>['simulator']['fail']>[0] | undefined]>([
    ['at once', undefined],
    ['also where the answer of the new one was lost', { kind: 'cut-after', match: subscriptionPath }],
    [
      'also where it could not be taken away at first',
      { kind: 'status', match: 'DELETE /webhook_subscriptions', status: 500 },
    ],
  ])('of setup goes where the address of Baton changes: %s', async (_, fault) => {
    const { simulator, answers, ask, name } = await startSetUp(store);
    await ask(setupConnect, answers);
    const moved = { ...answers, publicUrl: 'https://new.example.com' };
    if (fault) {
      simulator.fail(fault);
      await expect(ask(setupConnect, moved)).rejects.toMatchObject({ status: 503 });
    }
    await ask(setupConnect, moved);
    expect(simulator.world.subscriptions).toMatchObject([
      { url: `https://new.example.com/webhooks/pagerduty/${name}` },
    ]);
    expect(outcomes(await ask(setupConnect, moved))).toMatchObject({ 'webhook subscription': 'made before' });
    await ask(teardownConnection, { name });
    expect(simulator.world.subscriptions).toEqual([]);
  });

  it('is another one where it leads elsewhere, or tells of something else', async () => {
    const { simulator, answers, ask, name } = await startSetUp(store);
    const filter = { type: 'service_reference', id: 'PSEARCH' };
    simulator.world.subscriptions.push(there(name, { filter }), there('other', { id: 'POTHERO' }));
    const done = await ask(setupConnect, answers);
    expect(outcomes(done)).toMatchObject({ 'webhook subscription': 'made' });
    expect(done.warnings).toEqual([expect.stringContaining('PWEBHOO (service PSEARCH) leads here too')]);
    expect(simulator.world.subscriptions).toHaveLength(3);
  });
});
