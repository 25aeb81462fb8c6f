import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeConnection } from '../../../server/operations/connections.ts';
import { pingConnection } from '../../../server/operations/connections-ping.ts';
import { restoreConnection } from '../../../server/operations/connections-restore.ts';
import { denialOf } from '../../../server/operations/perform.ts';
import { setRoute } from '../../../server/operations/routes.ts';
import { setupConnect } from '../../../server/operations/setup.ts';
import { teardownConnection } from '../../../server/operations/teardown.ts';
import { raiseIncident } from '../../../simulator/pagerduty.ts';
import type { Store } from '../../../store/store.ts';
import { defineSubscription } from '../../../triggers/subscription.ts';
import { delivery, embeddedWorld, entry, fresh, type World } from '../../store/world.ts';
import { changesAt, publicUrl, startSetUp } from './set-up-world.ts';

let world: World;
let store: Store;
beforeAll(async () => {
  world = await embeddedWorld();
  store = world.newStore();
});
afterAll(() => world.close());

const refusal = (status: number, words: RegExp) => ({ status, message: expect.stringMatching(words) });
const newService = { service: 'Payments', escalationPolicy: 'PEPCHEC' };

/** An account that is set up. */
async function setUp(more: Record<string, unknown> = {}) {
  const account = await startSetUp(store);
  await account.ask(setupConnect, { ...account.answers, ...more });
  const before = changesAt(account.simulator).length;
  const input = { name: account.name };
  return { ...account, input, changes: () => changesAt(account.simulator).slice(before) };
}

describe('teardown', () => {
  it('takes away the subscription and the connection, leaves what was there, and says what only a person can delete', async () => {
    const { simulator, ask, input, values, changes, actions, name } = await setUp();
    const [subscription] = simulator.world.subscriptions;
    const [integration] = simulator.world.services[0]?.integrations ?? [];
    const done = await ask(teardownConnection, input);
    expect(changes()).toEqual([`DELETE /webhook_subscriptions/${subscription?.id}`]);
    expect(done.removed).toEqual([{ kind: 'webhook subscription', name: 'account', id: subscription?.id }]);
    expect(done.byHand).toEqual([
      expect.stringContaining(
        `delete baton-checkout (${integration?.id}) under Services, PCHECKO, Integrations`,
      ),
    ]);
    expect(Date.parse(done.restorableUntil ?? '')).toBeGreaterThan(Date.now() + 29 * 24 * 3_600_000);
    expect(await values()).toBeUndefined();
    expect(await store.listSetUp(name)).toEqual([]);
    expect((await actions()).slice(-2)).toEqual(['connection.torn_down', 'connection.removed']);
  });

  it('takes away a service that setup has made, with its integration', async () => {
    const { simulator, ask, input, changes } = await setUp(newService);
    const { id } = simulator.world.services.at(-1) ?? {};
    const done = await ask(teardownConnection, input);
    expect(changes()).toEqual([
      expect.stringContaining('DELETE /webhook_subscriptions/'),
      `DELETE /services/${id}`,
    ]);
    expect(done.byHand).toEqual([]);
    expect(simulator.world.services.map(({ name }) => name)).toEqual(['Checkout', 'Search']);
  });

  it('takes away nothing that it has adopted', async () => {
    const { simulator, answers, ask, name, values } = await startSetUp(store);
    const key = 'a1'.repeat(16);
    Object.assign(simulator.world.services[0] ?? {}, {
      integrations: [{ id: 'PINTEGR', name: 'baton-checkout', routingKey: key }],
    });
    const secret = 'x'.repeat(64);
    simulator.world.subscriptions.push({ url: `${publicUrl}/webhooks/pagerduty/${name}`, secret });
    await ask(setupConnect, { ...answers, webhookSecret: secret });
    expect(await values()).toMatchObject({ PAGERDUTY_ROUTING_KEY: key, PAGERDUTY_WEBHOOK_SECRETS: secret });
    const done = await ask(teardownConnection, { name });
    expect(done).toMatchObject({ removed: [], byHand: [], calls: [] });
    expect(changesAt(simulator)).toEqual([]);
    expect(await values()).toBeUndefined();
  });

  it.each([
    [
      'open incidents',
      ({ simulator }: Awaited<ReturnType<typeof setUp>>) =>
        void raiseIncident(simulator, { title: 'slow', service: 'Payments' }),
      /has open incidents: \[#\d+\] slow/,
    ],
    [
      'integrations of others',
      ({ simulator }: Awaited<ReturnType<typeof setUp>>) =>
        void simulator.world.services
          .at(-1)
          ?.integrations?.push({ id: 'PGRAFAN', name: 'grafana-payments', routingKey: 'a1'.repeat(16) }),
      /integrations that setup has not made: grafana-payments/,
    ],
  ])('refuses while its service has %s, and leaves it where it is forced', async (_, use, words) => {
    const account = await setUp(newService);
    const { simulator, ask, input, changes, values } = account;
    use(account);
    await expect(ask(teardownConnection, input)).rejects.toMatchObject(refusal(409, words));
    expect(changes()).toEqual([]);
    expect(await values()).toBeDefined();
    const done = await ask(teardownConnection, { ...input, force: true });
    expect(done.byHand).toEqual([expect.stringMatching(words), expect.stringContaining('baton-payments')]);
    expect(simulator.world.services.map(({ name }) => name)).toContain('Payments');
    expect(await values()).toBeUndefined();
  });

  it.each<[string, (account: Awaited<ReturnType<typeof setUp>>, other: string) => Promise<unknown>]>([
    [
      'that has adopted it',
      ({ ask, answers }, other) => ask(setupConnect, { ...answers, name: other, service: 'Payments' }),
    ],
    [
      'that takes it for its own',
      async ({ ask, answers, name }, other) => {
        const routingKey = 'b2'.repeat(16);
        await ask(setupConnect, {
          ...answers,
          name: other,
          service: undefined,
          routingKey,
          webhook: 'none',
        });
        for (const { kind, name: thing, of, id = '' } of await store.listSetUp(name)) {
          if (kind === 'webhook subscription') continue;
          await store.intendSetUp(other, { kind, name: thing, of }, 'baton');
          await store.noteSetUp(other, { kind, name: thing, of, id, entry: entry() });
        }
      },
    ],
    [
      'that cannot be read',
      (_, other) =>
        store.addConnection({
          name: other,
          provider: 'pagerduty',
          encrypted: { keyId: 'lost', bytes: Buffer.from('lost') },
          by: 'baton',
          entry: entry(),
        }),
    ],
    [
      'of the environment',
      async ({ context, values }) => {
        const own = (await values()) ?? {};
        context.ownValues = () => own;
      },
    ],
  ])(
    'refuses while its service is used by another connection %s, and leaves it where it is forced',
    async (_, use) => {
      const account = await setUp(newService);
      const { simulator, ask, input, values } = account;
      const other = fresh('eu-');
      await use(account, other);
      const words = /since the connection (eu-\d+|default) (cannot be read, and perhaps )?uses it too/;
      await expect(ask(teardownConnection, input)).rejects.toMatchObject(refusal(409, words));
      expect(changesAt(simulator).filter((line) => line.startsWith('DELETE'))).toEqual([]);
      expect(await values()).toBeDefined();
      const done = await ask(teardownConnection, { ...input, force: true });
      expect(done.removed).toMatchObject([{ kind: 'webhook subscription' }]);
      expect(done.byHand).toEqual([expect.stringMatching(words), expect.stringMatching(words)]);
      expect(simulator.world.services.map(({ name }) => name)).toContain('Payments');
      await store.removeConnection(other, 'baton', entry());
    },
  );

  it('leaves an integration that another connection has adopted, and tells nobody to delete it', async () => {
    const { answers, ask, input } = await setUp();
    const other = fresh('eu-');
    await ask(setupConnect, { ...answers, name: other });
    const done = await ask(teardownConnection, input);
    expect(done.byHand).toEqual([
      expect.stringMatching(`integration baton-checkout .* stays, since the connection ${other} uses it too`),
    ]);
    await ask(teardownConnection, { name: other });
  });

  it('refuses while routes or live runs use it, and says so where it is forced', async () => {
    const { ask, input, changes, name } = await setUp();
    await ask(setRoute, { provider: 'pagerduty', workflow: 'waitForNews', connection: name });
    const { seq } = await store.receive(delivery());
    const run = { id: `run/${name}`, trigger: 't', workflow: 'w', target: 'x', eventSeq: seq, input: {} };
    await store.decide({ seq, runs: [{ ...run, cause: { connection: name } }], entries: [] });
    await expect(ask(teardownConnection, input)).rejects.toMatchObject(
      refusal(409, /is used by the route of pagerduty for the workflow waitForNews; the run run\/eu-/),
    );
    expect(changes()).toEqual([]);
    const done = await ask(teardownConnection, { ...input, force: true });
    expect(done.warnings).toEqual([expect.stringContaining('its calls then fail')]);
  });

  it('refuses while a subscription uses it, and says where that is taken out', async () => {
    const { ask, input, changes, name, context } = await setUp();
    const board = defineSubscription({ name: 'board', types: ['run.failed'], connection: name });
    context.policies = async () => ({ pages: [], journal: [], subscriptions: [board] });
    await expect(ask(teardownConnection, input)).rejects.toMatchObject(
      refusal(409, /is used by the subscription board\. .*reviewed files/),
    );
    expect(changes()).toEqual([]);
  });

  it('tells in a dry run what it would take away', async () => {
    const { ask, input, changes, values } = await setUp(newService);
    const planned = await ask(teardownConnection, { ...input, dryRun: true });
    expect(changes()).toEqual([]);
    expect(await values()).toBeDefined();
    const done = await ask(teardownConnection, input);
    expect(planned.calls).toEqual(done.calls);
    expect(planned.removed).toEqual(done.removed);
  });

  it('goes on where it was cut off', async () => {
    const { simulator, ask, input, values, name } = await setUp(newService);
    simulator.fail({ kind: 'status', match: 'DELETE /services', status: 500 });
    await expect(ask(teardownConnection, input)).rejects.toMatchObject(
      refusal(503, /what is gone already is left out/),
    );
    expect((await store.listSetUp(name)).map(({ kind }) => kind).sort()).toEqual(['integration', 'service']);
    expect(await values()).toBeDefined();
    // Somebody has deleted it meanwhile.
    simulator.world.services = simulator.world.services.filter((each) => each.name !== 'Payments');
    await ask(teardownConnection, input);
    expect(await values()).toBeUndefined();
  });

  it('says what is left where PagerDuty takes the token no more', async () => {
    const { simulator, ask, input, changes, values } = await setUp();
    simulator.world.token = 'another';
    await expect(ask(teardownConnection, input)).rejects.toMatchObject(
      refusal(422, /is not known in the region/),
    );
    const done = await ask(teardownConnection, { ...input, force: true });
    expect(done.warnings).toEqual([expect.stringContaining('PagerDuty could not be asked')]);
    expect(done.byHand).toHaveLength(2);
    expect(changes()).toEqual([]);
    expect(await values()).toBeUndefined();
  });

  it('names what may have been made when a setup was cut off', async () => {
    const { ask, input, name } = await setUp();
    await store.intendSetUp(name, { kind: 'service', name: 'Lost', of: '' }, 'baton');
    const done = await ask(teardownConnection, input);
    expect(done.warnings).toEqual([
      expect.stringContaining('Whether the service Lost was made is not known'),
    ]);
  });
});

describe('a connection that was removed', () => {
  it('is restored with its values, and what was deleted at PagerDuty is made again by setup', async () => {
    const { simulator, ask, input, values, answers, actions } = await setUp();
    const before = await values();
    await ask(teardownConnection, input);
    const restored = await ask(restoreConnection, input);
    expect(restored).toMatchObject({
      name: input.name,
      state: 'unverified',
      createdBy: 'person:ada@example.com',
    });
    expect(await values()).toEqual(before);
    expect((await actions()).at(-1)).toBe('connection.restored');
    expect(simulator.world.subscriptions).toEqual([]);
    const { token: _, ...again } = answers;
    const done = await ask(setupConnect, again);
    expect(done.steps.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
      'was there',
      'was there',
      'was there',
      'made',
    ]);
    const [newest] = (await values())?.PAGERDUTY_WEBHOOK_SECRETS?.split(',') ?? [];
    expect(newest).toBe(simulator.world.subscriptions[0]?.secret);
  });

  it('is restored also where it was removed by hand', async () => {
    const { ask, input, values } = await setUp();
    const before = await values();
    const { left } = await ask(removeConnection, input);
    expect(left).toEqual([
      expect.stringMatching(/^integration baton-checkout \(P/),
      expect.stringMatching(/^webhook subscription account \(P/),
    ]);
    await ask(restoreConnection, input);
    expect(await values()).toEqual(before);
    // What setup had made for it is known still.
    expect((await ask(teardownConnection, input)).removed).toHaveLength(1);
  });

  it('cannot be restored while its name is taken, twice, or after 30 days', async () => {
    const { ask, input, answers } = await setUp();
    await expect(ask(restoreConnection, input)).rejects.toMatchObject(refusal(409, /There is a connection/));
    await ask(removeConnection, input);
    await world.run(
      `update removed_connections set removed_at = now() - interval '31 days' where name = '${input.name}'`,
    );
    await expect(ask(restoreConnection, input)).rejects.toMatchObject(
      refusal(404, /No connection .* can be restored/),
    );
    await store.prune({ days: 365 });
    expect(await keptOf(input.name)).toEqual({ removed: 0, setUp: 2 });
    await world.run(`update set_up set at = now() - interval '31 days' where connection = '${input.name}'`);
    await store.prune({ days: 365 });
    expect(await keptOf(input.name)).toEqual({ removed: 0, setUp: 0 });
    await ask(setupConnect, { ...answers, replaceSubscription: true });
  });

  const keptOf = async (name: string) => ({
    removed: (await world.db.selectFrom('removed_connections').selectAll().where('name', '=', name).execute())
      .length,
    setUp: (await store.listSetUp(name)).length,
  });
});

describe('the ping of a subscription', () => {
  it('is said not to have come where nothing comes, with what to look at', async () => {
    const { simulator, ask, input } = await setUp();
    for (const subscription of simulator.world.subscriptions) subscription.url = 'http://127.0.0.1:9/';
    const told = await ask(pingConnection, { ...input, seconds: 1 });
    expect(told).toMatchObject({ arrived: false, subscription: simulator.world.subscriptions[0]?.id });
    expect(told.reason).toContain('nothing has come within 1 s');
  });

  it('needs a subscription', async () => {
    const { ask, input } = await setUp({ webhook: 'none' });
    await expect(ask(pingConnection, input)).rejects.toMatchObject(refusal(404, /setup.connect makes one/));
  });
});

describe('who may tear down and restore', () => {
  it('is an admin', () => {
    const ben = { kind: 'person', name: 'ben@example.com', role: 'operator' } as const;
    for (const operation of [teardownConnection, restoreConnection])
      expect(denialOf(operation, ben)).toMatchObject({ status: 403 });
    expect(denialOf(pingConnection, ben)).toBeUndefined();
    expect(denialOf(pingConnection, { ...ben, role: 'approver' })).toMatchObject({ status: 403 });
  });
});
