import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pagerDuty } from '../../../activities/pagerduty/provider.ts';
import type { AnyProvider } from '../../../activities/provider.ts';
import { denialOf } from '../../../server/operations/perform.ts';
import { setupChoices, setupConnect } from '../../../server/operations/setup.ts';
import { reach } from '../../../server/set-up/account.ts';
import type { Store } from '../../../store/store.ts';
import { embeddedWorld, type World } from '../../store/world.ts';
import { accountToken, changesAt, startSetUp } from './set-up-world.ts';

let world: World;
let store: Store;
beforeAll(async () => {
  world = await embeddedWorld();
  store = world.newStore();
});
afterAll(() => world.close());

const refusal = (status: number, words: RegExp) => ({ status, message: expect.stringMatching(words) });

describe('what is given to setup', () => {
  it.each([
    [
      'a token as the routing key',
      { routingKey: 'u+NXzpyCzz9pX7yHdx1A' },
      /looks like a token of the REST API; .*PAGERDUTY_API_TOKEN/,
    ],
    [
      'a webhook’s secret as the routing key',
      { routingKey: 'n4Tb'.repeat(16) },
      /PAGERDUTY_ROUTING_KEY holds what looks like a secret of a webhook/,
    ],
    ['a cut key', { routingKey: 'a1b2' }, /has not the form of a key of the Events API/],
    [
      'an integration key as the webhook’s secret',
      { webhookSecret: 'a1'.repeat(16) },
      /PAGERDUTY_WEBHOOK_SECRETS holds what looks like an integration key of the Events API/,
    ],
    [
      'an integration key as the token',
      { token: 'a1'.repeat(16) },
      /not known in the region eu.*holds what looks like an integration key/,
    ],
    ['an OAuth token', { token: 'pdeu+_0XBPWQQ_123e4567' }, /access token of OAuth; it ends within a day/],
    [
      'the wrong region',
      { token: 'y_NbAkKc66ryYTWUXYEx' },
      /PAGERDUTY_REGION to us where the account is there/,
    ],
    ['no service', { service: undefined }, /Give a service/],
    ['an unknown team', { webhook: 'team', team: 'Nobody' }, /no team Nobody/],
    [
      'a user of no account',
      { from: 'who@example.com' },
      /No user of the account has the address who@example.com/,
    ],
    ['nobody to act as', { from: undefined }, /the token is of the account|The token is of the account/],
    ['the name of the environment’s', { name: 'default' }, /Choose another name/],
  ])('is refused with what it is, and changes nothing: %s', async (_, more, words) => {
    const { simulator, answers, ask, values } = await startSetUp(store);
    const failure = await ask(setupConnect, { ...answers, ...more }).catch((error: Error) => error);
    expect(failure).toMatchObject(refusal(422, words));
    for (const secret of ['u+NXzpyCzz9pX7yHdx1A', 'a1'.repeat(16), 'n4Tb'.repeat(16)])
      expect((failure as Error).message).not.toContain(secret);
    expect(changesAt(simulator)).toEqual([]);
    expect(await values()).toBeUndefined();
  });

  it('may be a key that somebody has: no integration is made, and what it cannot do is told', async () => {
    const { simulator, answers, ask, values } = await startSetUp(store);
    const routingKey = `R${'0123456789ABCDEF0123456789ABCDE'}`;
    const done = await ask(setupConnect, { ...answers, service: undefined, routingKey, webhook: 'none' });
    expect(done.warnings).toEqual([expect.stringContaining('takes alerts, and no change events')]);
    expect((await values())?.PAGERDUTY_ROUTING_KEY).toBe(routingKey);
    expect(changesAt(simulator)).toEqual([]);
  });

  it('acts as whose token it is, where nobody else is named', async () => {
    const { simulator, answers, ask, values } = await startSetUp(store);
    simulator.world.tokenOf = 'PADALOP';
    const done = await ask(setupConnect, { ...answers, from: undefined });
    expect(done.account.owner).toEqual({ name: 'Ada Lopez', email: 'ada@example.com' });
    expect((await values())?.PAGERDUTY_FROM_EMAIL).toBe('ada@example.com');
  });

  it('is warned of where an integration is not named after tool and service', async () => {
    const { answers, ask } = await startSetUp(store);
    const done = await ask(setupConnect, { ...answers, integration: 'Alerts' });
    expect(done.warnings).toEqual([
      expect.stringMatching(/Alerts is not named <tool>-<service>, as baton-checkout/),
    ]);
    expect((await ask(setupConnect, { ...answers, integration: 'deploys-checkout' })).warnings).toEqual([]);
  });

  it.each([
    ['nothing', undefined, /not known where PagerDuty reaches this Baton/],
    ['an address that PagerDuty does not take', 'http://baton.internal', /https:\/\/ addresses alone/],
  ])('needs an address for webhooks: %s', async (_, publicAddress, words) => {
    const { answers, ask, context } = await startSetUp(store, { publicUrl: undefined });
    // As if it were the real one: it is found out before anything is asked there.
    const given = { ...answers, ...(publicAddress ? { publicUrl: publicAddress } : {}) };
    const { clientFor } = context;
    context.clientFor = (provider, values) =>
      clientFor(provider, { ...values, PAGERDUTY_API_URL: answers.apiUrl });
    const { apiUrl: ___, ...real } = given;
    await expect(ask(setupConnect, real)).rejects.toMatchObject(refusal(422, words));
    // What does as it says, and what asks before, need none.
    expect((await ask(setupChoices, real)).webhooks).toEqual([]);
    const done = await ask(setupConnect, { ...real, webhook: 'none', dryRun: true });
    expect(done.address).toBeUndefined();
  });
});

describe('what setup can choose from', () => {
  it('is told with whose the token is, and what it lacks', async () => {
    const { simulator, answers, ask } = await startSetUp(store);
    simulator.world.scopes = [
      'services.read',
      'escalation_policies.read',
      'webhook_subscriptions.read',
      'abilities.read',
    ];
    const { name, region, token, apiUrl, eventsUrl } = answers;
    const told = await ask(setupChoices, { name, region, token, apiUrl, eventsUrl, query: 'check' });
    expect(told).toMatchObject({
      lists: {
        service: [{ value: 'PCHECKO', label: 'Checkout' }],
        escalationPolicy: [{ value: 'PEPCHEC' }],
        team: [],
      },
      more: false,
      webhooks: [],
    });
    expect(told.account.owner).toBeUndefined();
    expect(told.account.abilities).toContain('teams');
    const missing = told.account.missing.find(({ what }: { what: string }) => what === 'incidents.read');
    expect(missing?.neededBy).toContain('readPagerDutyIncident');
    expect(JSON.stringify(told)).not.toContain(accountToken);
    expect(changesAt(simulator)).toEqual([]);
  });
});

describe('the token of a connection', () => {
  it.each([
    ['the REST API', 'apiUrl'],
    ['the Events API', 'eventsUrl'],
  ] as const)('is sent to no other address of %s than it was given for', async (_, address) => {
    const { answers, ask, values } = await startSetUp(store);
    await ask(setupConnect, answers);
    const before = await values();
    const other = await startSetUp(store);
    const { token, ...known } = answers;
    const { name } = known;
    const moved = { [address]: other.simulator.url };
    for (const [operation, input] of [
      [setupChoices, { name, ...moved }],
      [setupConnect, { ...known, ...moved }],
    ] as const)
      await expect(ask(operation, input)).rejects.toMatchObject(refusal(422, /Give the token too/));
    expect(other.simulator.calls).toEqual([]);
    expect(await values()).toEqual(before);
    // Whoever knows it may move it, and to the address that it has nobody needs it.
    await ask(setupChoices, { name, token, ...moved });
    await ask(setupChoices, { name, [address]: answers[address] });
  });

  it('is given anew where its connection moves, and the key of its alerts is not sent there either', async () => {
    const { answers, ask, values } = await startSetUp(store);
    await ask(setupConnect, answers);
    const { name, token } = answers;
    const before = await values();
    const moved = { name, token, webhook: 'none', eventsUrl: 'https://events.elsewhere.example' };
    await expect(ask(setupConnect, moved)).rejects.toMatchObject(refusal(422, /an integration key/));
    expect(await values()).toEqual(before);
    await ask(setupConnect, { ...moved, routingKey: 'e'.repeat(32) });
    expect(await values()).toMatchObject({ PAGERDUTY_ROUTING_KEY: 'e'.repeat(32) });
  });

  it('is sent to no new address either where its provider does not say which questions ask for one', async () => {
    const questions = pagerDuty.setUp?.questions.map(({ isAddress: _, ...question }) => question) ?? [];
    const silent = { ...pagerDuty, setUp: { ...pagerDuty.setUp, questions } } as AnyProvider;
    const { answers, ask, name, context } = await startSetUp(store, { providers: [silent] });
    await ask(setupConnect, answers);
    const moved = { eventsUrl: 'https://events.elsewhere.example' };
    const { values, taken } = await reach({ name, provider: 'pagerduty', answers: moved }, context);
    expect(taken).toEqual(['PAGERDUTY_ROUTING_KEY']);
    expect(Object.keys(values)).not.toContain('PAGERDUTY_ROUTING_KEY');
  });
});

describe('who may set up', () => {
  it('is an admin', () => {
    for (const role of ['viewer', 'responder', 'approver', 'operator'] as const)
      for (const operation of [setupChoices, setupConnect])
        expect(denialOf(operation, { kind: 'person', name: 'ben@example.com', role })).toMatchObject({
          status: 403,
        });
    expect(
      denialOf(setupConnect, { kind: 'person', name: 'ada@example.com', role: 'admin' }),
    ).toBeUndefined();
  });
});
