import { describe, expect, it } from 'vitest';
import type { Tested } from '../../activities/provider.ts';
import { testMark } from '../../domain/connection-test.ts';
import { connectionsTest, testConnection } from '../../server/operations/connections-test.ts';
import { doctorCheck } from '../../server/operations/doctor.ts';
import { connectionOf, doctorOf, type ProviderName, worlds } from './world.ts';

type Env = Record<string, string | undefined>;

/** Long enough for one look, which is all that these need. */
const aMoment = () => AbortSignal.timeout(300);

async function tested(provider: ProviderName, env: Env, signal = AbortSignal.timeout(30_000)) {
  const { doctor, connection } = await connectionOf(provider, env);
  return testConnection(doctor, connection, { signal });
}

describe('the test of a PagerDuty connection', () => {
  it('raises a marked alert, reads it back and resolves it', async () => {
    const { simulator, env } = await worlds.pagerduty();
    expect(await tested('pagerduty', env)).toEqual({
      outcome: 'confirmed',
      reason: 'the alert arrived on the service Checkout, and is resolved',
    });
    const { alerts, incidents } = simulator.world;
    expect(alerts).toMatchObject([{ severity: 'info', status: 'resolved' }]);
    expect(alerts[0]?.summary.startsWith(testMark)).toBe(true);
    expect(incidents).toMatchObject([{ status: 'resolved', urgency: 'low' }]);
  });

  it('takes another key each time', async () => {
    const { simulator, env } = await worlds.pagerduty();
    await tested('pagerduty', env);
    await tested('pagerduty', env);
    expect(new Set(simulator.world.alerts.map(({ key }) => key)).size).toBe(2);
  });

  it.each<[string, (world: Awaited<ReturnType<typeof worlds.pagerduty>>) => Env]>([
    [
      'a key that is nobody’s',
      ({ simulator, env }) => {
        simulator.world.takesUnknownKeys = true;
        return { ...env, PAGERDUTY_ROUTING_KEY: 'a1'.repeat(16) };
      },
    ],
    [
      'a service that is disabled',
      ({ simulator, env }) => {
        for (const service of simulator.world.services) service.disabled = true;
        return env;
      },
    ],
  ])('does not take 202 for a proof: %s', async (_, spoil) => {
    const world = await worlds.pagerduty();
    const outcome = await tested('pagerduty', spoil(world), aMoment());
    expect(outcome).toMatchObject({ outcome: 'accepted, not confirmed' });
    expect(outcome.reason).toContain('it did not show up');
    // What may yet arrive is resolved.
    const actions = world.simulator.calls
      .filter(({ path }) => path.startsWith('/events'))
      .map(({ body }) => JSON.parse(body).event_action);
    expect(actions).toEqual(['trigger', 'resolve']);
  });

  it('waits for an alert that shows up late', async () => {
    const { simulator, env } = await worlds.pagerduty();
    simulator.fail({ kind: 'status', match: 'incident_key', status: 200, body: '{"incidents":[]}' });
    expect(await tested('pagerduty', env)).toMatchObject({ outcome: 'confirmed' });
  });

  it('is not confirmed where nothing can be read back', async () => {
    const { simulator, env } = await worlds.pagerduty();
    expect(await tested('pagerduty', { ...env, PAGERDUTY_API_TOKEN: undefined })).toEqual({
      outcome: 'accepted, not confirmed',
      reason: 'the alert could not be read back: PagerDuty is not connected: set PAGERDUTY_API_TOKEN',
    });
    expect(simulator.world.alerts).toMatchObject([{ status: 'resolved' }]);
    simulator.world.scopes = ['services.read'];
    expect((await tested('pagerduty', env)).outcome).toBe('accepted, not confirmed');
  });

  it('says in PagerDuty’s words why it was rejected', async () => {
    const { env } = await worlds.pagerduty();
    expect(await tested('pagerduty', { ...env, PAGERDUTY_ROUTING_KEY: 'a1'.repeat(16) })).toEqual({
      outcome: 'rejected',
      reason: 'Invalid routing key',
    });
  });

  it('is as good as none where PagerDuty is away', async () => {
    const { simulator, env } = await worlds.pagerduty();
    simulator.fail({ kind: 'status', match: 'enqueue', status: 503 });
    expect(await tested('pagerduty', env)).toMatchObject({ outcome: 'unverified' });
  });

  it('is its check where there is no routing key', async () => {
    const { simulator, env } = await worlds.pagerduty();
    const outcome = await tested('pagerduty', { ...env, PAGERDUTY_ROUTING_KEY: undefined });
    expect(outcome).toMatchObject({ outcome: 'rejected' });
    expect(outcome.reason).toContain('PAGERDUTY_ROUTING_KEY is not set');
    expect(simulator.ledger).toEqual([]);
  });
});

describe('the test of another connection', () => {
  it('is its check', async () => {
    const { simulator, env } = await worlds.slack();
    expect(await tested('slack', env)).toMatchObject({ outcome: 'confirmed' });
    simulator.world.scopes = [];
    expect(await tested('slack', env)).toMatchObject({ outcome: 'rejected' });
    simulator.fail({ kind: 'cut' });
    expect(await tested('slack', env)).toMatchObject({ outcome: 'unverified' });
    expect(simulator.ledger).toEqual([]);
  });
});

describe('the operation', () => {
  it('keeps what the test said, and holds no secret', async () => {
    const { simulator, env } = await worlds.pagerduty();
    const secret = env.PAGERDUTY_ROUTING_KEY ?? '';
    simulator.fail({ kind: 'status', match: 'enqueue', status: 400, body: `{"message":"no ${secret}"}` });
    const kept: [string, Tested][] = [];
    const doctor = {
      ...(await doctorOf(env)),
      keepState: async ({ provider, connection }: { provider: string; connection: string }, state: Tested) =>
        void kept.push([`${provider}/${connection}`, state]),
    };
    const input = { provider: 'pagerduty', connection: 'default' };
    const answer = await connectionsTest.run(input, { doctor: async () => doctor } as never);
    expect(connectionsTest.output.parse(answer)).toMatchObject({ ...input, outcome: 'rejected' });
    expect(kept).toEqual([['pagerduty/default', { outcome: 'rejected', reason: answer.reason }]]);
    expect(JSON.stringify(answer)).not.toContain(secret);
  });

  it.each([
    [
      { connection: 'other' },
      'There is no connection other. There are: default of pagerduty, default of slack',
    ],
    [{ connection: 'default', provider: 'gitlab' }, 'There is no connection default.'],
    [{ connection: 'default' }, 'Name the provider, since there are: default of pagerduty'],
  ])('refuses %j', async (input, words) => {
    const doctor = await doctorOf({});
    await expect(connectionsTest.run(input, { doctor: async () => doctor } as never)).rejects.toThrow(words);
  });
});

describe('the operation that asks what the connections may do', () => {
  it('answers for those that are asked for, and refuses a name that nobody has', async () => {
    const { env } = await worlds.slack();
    const context = { doctor: () => doctorOf(env) } as never;
    const answer = doctorCheck.output.parse(await doctorCheck.run({ provider: 'slack' }, context));
    expect(answer).toMatchObject({ well: true, connections: [{ provider: 'slack', state: 'well' }] });
    await expect(doctorCheck.run({ connection: 'other' }, context)).rejects.toMatchObject({ status: 404 });
  });
});
