import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientFor } from '../../activities/clients.ts';
import { activities } from '../../activities/index.ts';
import { providers } from '../../activities/providers.ts';
import { doctorFor } from '../../processes/doctor.ts';
import type { Ask } from '../../processes/door.ts';
import { operations } from '../../server/operations/index.ts';
import type { AnyOperation } from '../../server/operations/operation.ts';
import { perform } from '../../server/operations/perform.ts';
import {
  type PagerDutySimulator,
  raiseIncident,
  resolveAs,
  startPagerDuty,
} from '../../simulator/pagerduty.ts';
import { policies } from '../../triggers/policies/index.ts';
import { triggeredAndUnackedTrigger } from '../../triggers/triggered-and-unacked.ts';
import { kinds, type Word } from '../server/operations/providers-world.ts';
import { accountToken } from '../server/operations/set-up-world.ts';
import { eventually, startWorld, type World } from '../world.ts';

let world: World;
let payments: PagerDutySimulator;
beforeAll(async () => {
  // Its runs end with their incident.
  world = await startWorld({ triggers: [triggeredAndUnackedTrigger] });
  payments = await startPagerDuty();
  payments.world.token = accountToken;
});
afterAll(async () => {
  await world.close();
  await payments.close();
});

const principal = { kind: 'person', name: 'ada@example.com', role: 'admin' } as const;
/** As an admin asks by the API. */
const ask = ((name, input) => {
  const operation = (operations as readonly AnyOperation[]).find((each) => each.name === name);
  if (!operation) throw new Error(`There is no operation ${name}`);
  const doctor = () =>
    doctorFor(
      { loadActivities: async () => activities, loadPolicies: async () => policies },
      {
        env: {},
        providers,
        settings: { simulated: [], connectedBy: [] },
        connections: world.connections,
        store: world.store,
      },
    );
  return perform(operation, input, {
    ...world.operations,
    doctor,
    clientFor: (provider, values) => clientFor(provider, values, {}),
    publicUrl: world.server.url,
    principal,
    via: 'api',
  });
}) as Ask;

describe('a second PagerDuty account', () => {
  it('is set up, proven, served and torn down, and nothing is left behind', async () => {
    const done = await ask('setup.connect', {
      provider: 'pagerduty',
      name: 'payments',
      answers: {
        region: 'us',
        token: accountToken,
        apiUrl: payments.url,
        eventsUrl: `${payments.url}/events`,
        from: 'baton@example.com',
        service: 'Payments',
        escalationPolicy: 'Checkout on-call',
        webhook: 'account',
      },
    });
    expect(done.steps.map(({ outcome }) => outcome)).toEqual(['made', 'made', 'made', 'made']);

    expect(await ask('connections.ping', { name: 'payments' })).toMatchObject({ arrived: true });
    expect(await ask('connections.test', { connection: 'payments' })).toMatchObject({
      outcome: 'confirmed',
      reason: 'the alert arrived on the service Payments, and is resolved',
    });
    expect((await ask('connections.list', {})).items).toMatchObject([
      { name: 'payments', state: 'confirmed' },
    ]);

    const id = raiseIncident(payments, { title: 'Payments p99 latency above 2 s', service: 'Payments' });
    const subject = `payments/${id}`;
    const run = await eventually('a run for it', async () => (await world.runs(subject))[0]);
    expect(run.id).toContain(subject);
    await expect(
      ask('teardown.connection', { provider: 'pagerduty', name: 'payments' }),
    ).rejects.toMatchObject({
      status: 409,
      message: expect.stringContaining(`the run ${run.id}`),
    });

    resolveAs(payments, id, 'PADALOP');
    await eventually('the end of its runs', async () =>
      (await world.runs(subject)).every(({ endedAt }) => endedAt),
    );
    const gone = await eventually('nothing to use it', () =>
      ask('teardown.connection', { provider: 'pagerduty', name: 'payments' }).catch(() => undefined),
    );
    expect(gone.removed.map(({ kind }) => kind)).toEqual(['webhook subscription', 'service']);
    expect(gone.byHand).toEqual([]);
    expect(payments.world.subscriptions).toEqual([]);
    expect(payments.world.services.map(({ name }) => name)).toEqual(['Checkout', 'Search']);
    expect((await ask('connections.list', {})).items).toEqual([]);
    expect(await ask('connections.restore', { name: 'payments' })).toMatchObject({ state: 'unverified' });
  });
});

describe('an account of another provider', () => {
  it.each(Object.keys(kinds) as Word[])(
    'is set up, proven and torn down, and what people see in between is taken away too: %s',
    async (word) => {
      const simulator = word === 'aws' ? world.ec2 : world[word];
      const { answers } = kinds[word].answers(simulator.url);
      const changesBefore = simulator.ledger.length;
      const about = { provider: word, name: `second-${word}` };
      const done = await ask('setup.connect', { ...about, answers });
      expect(done.warnings.filter((words) => words.includes('lacks'))).toEqual([]);
      if (done.pings)
        expect(await ask('connections.ping', { name: about.name })).toMatchObject({ arrived: true });
      expect(done.pings).toBe(word === 'github');
      const proof = await ask('connections.test', { connection: about.name });
      expect(proof).toMatchObject({ outcome: 'confirmed' });
      expect((await ask('connections.list', { provider: done.provider })).items).toMatchObject([
        { name: about.name, state: 'confirmed' },
      ]);
      const gone = await ask('teardown.connection', about);
      expect(gone.removed.map(({ kind }) => kind)).toEqual(word === 'github' ? ['webhook', 'source'] : []);
      expect((await ask('connections.list', { provider: done.provider })).items).toEqual([]);
      const effects = simulator.ledger.slice(changesBefore).map(({ effect }) => effect);
      expect(effects).toEqual(effectsOf[word] ?? []);
    },
  );

  /** Of Slack the test shows a message. */
  const effectsOf: Partial<Record<Word, string[]>> = {
    slack: ['message posted', 'message deleted'],
    github: ['webhook created', 'webhook deleted'],
  };

  it('keeps the message of the test where that is asked for, and says what keeps it from being posted', async () => {
    const { answers } = kinds.slack.answers(world.slack.url);
    const about = { provider: 'slack', name: 'kept' };
    await ask('setup.connect', { ...about, answers });
    const before = world.slack.world.messages.length;
    expect(await ask('connections.test', { connection: 'kept', keep: true })).toMatchObject({
      outcome: 'confirmed',
      reason: expect.stringContaining('kept there'),
    });
    expect(world.slack.world.messages.slice(before)).toMatchObject([
      { channelId: 'C0GENERAL', text: expect.stringContaining('Baton test, please ignore') },
    ]);
    const general = world.slack.world.channels.find(({ id }) => id === 'C0GENERAL');
    Object.assign(general ?? {}, { archived: true });
    const rejected = await ask('connections.test', { connection: 'kept' });
    Object.assign(general ?? {}, { archived: false });
    expect(rejected).toMatchObject({
      outcome: 'rejected',
      reason: expect.stringMatching(/is_archived; invite the bot to the channel, or choose another/),
    });
    await ask('teardown.connection', about);
  });
});
