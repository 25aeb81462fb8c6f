import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AnyChange } from '../../../activities/activity.ts';
import { startEc2Instances, stopEc2Instances } from '../../../activities/ec2/change-state.ts';
import { checkEc2Access } from '../../../activities/ec2/check-access.ts';
import type { Ec2 } from '../../../activities/ec2/client.ts';
import { listEc2InstanceStatuses } from '../../../activities/ec2/list-instance-statuses.ts';
import { listEc2Instances } from '../../../activities/ec2/list-instances.ts';
import { ec2 } from '../../../activities/ec2/provider.ts';
import { rebootEc2Instances } from '../../../activities/ec2/reboot-instances.ts';
import { sessionName, sourceIdentity } from '../../../activities/ec2/role.ts';
import { ec2Environment, impair, simulatedRoleArn } from '../../../simulator/ec2.ts';
import type { Policy } from '../../../simulator/iam.ts';
import { clientsFor } from '../../clients.ts';
import { failureOf, runnerFor } from '../run.ts';
import { actions, checkout, effects, search, startRegion } from './region.ts';

const one = { instanceIds: [checkout] };
const run = 'ec2-unhealthy/PABC123';
const byTrigger = { run, by: 'trigger:ec2-unhealthy' };
const byAda = { run, by: 'person:ada@example.com' };

/** A region whose connection has a role. */
async function startWithRole() {
  const region = await startRegion();
  const { url } = region.simulator;
  const env = { ...ec2Environment(url, 5_000), EC2_ROLE_ARN: simulatedRoleArn };
  const { world } = region.simulator;
  const [role] = world.roles;
  if (!role) throw new Error('The simulated account has no role');
  return { ...region, env, role, world, run: runnerFor(env), clients: clientsFor(env) };
}

const changesIn = (simulator: Awaited<ReturnType<typeof startRegion>>['simulator']) =>
  actions(simulator).filter((action) => !action?.startsWith('Describe'));

/** What a session's policy allows, in a line each. */
const allowed = (policy: string | undefined) =>
  (JSON.parse(policy ?? '{}') as Policy).Statement.map(
    ({ Action, Resource }) => `${[Action].flat().join(' ')} on ${[Resource].flat().join(' ')}`,
  );
const arn = (id: string) => `arn:aws:ec2:eu-central-1:*:instance/${id}`;

describe('a connection with a role', () => {
  it('looks with keys that can only look, and changes with keys for the very call and instance', async () => {
    const { simulator, run, world } = await startWithRole();
    impair(simulator, checkout);
    expect(await run(rebootEc2Instances, one, {}, byAda)).toMatchObject({ rebooted: [checkout] });
    expect(world.sessions.map(({ policy }) => allowed(policy))).toEqual([
      ['ec2:Describe* ec2:GetConsoleOutput on *'],
      [`ec2:RebootInstances on ${arn(checkout)}`],
    ]);
    expect(world.sessions).toMatchObject([
      { name: 'baton', sourceIdentity: 'baton', roleArn: simulatedRoleArn },
      { name: 'ec2-unhealthy.PABC123', sourceIdentity: 'ada@example.com' },
    ]);
    expect(simulator.ledger).toMatchObject([{ effect: 'instance rebooted', by: 'ada@example.com' }]);
    const asked = simulator.calls.map(({ body }) => new URLSearchParams(body));
    const durations = asked.flatMap((form) => form.get('DurationSeconds') ?? []);
    expect(durations).toEqual(['900', '900']);
  });

  it('assumes the role once for the looks of many calls, and anew for each change', async () => {
    const { run, world } = await startWithRole();
    await run(listEc2InstanceStatuses, one);
    await run(listEc2Instances, one);
    expect(world.sessions).toHaveLength(1);
    await run(stopEc2Instances, one);
    await run(listEc2Instances, one);
    expect(world.sessions).toHaveLength(2);
  });

  it('tells EC2 of the run with every call, as one without a role does', async () => {
    const { simulator, run, env } = await startWithRole();
    const { EC2_ROLE_ARN: _, ...withoutRole } = env;
    await runnerFor(withoutRole)(listEc2Instances, one, {}, byTrigger);
    await run(stopEc2Instances, one, {}, byTrigger);
    const agents = simulator.calls
      .filter(({ body }) => !body.includes('Action=AssumeRole'))
      .map(({ headers }) => headers['user-agent']);
    expect(agents).toHaveLength(3);
    for (const agent of agents) expect(agent).toMatch(/ baton\/\d\S* run\/ec2-unhealthy\.PABC123/);
  });

  it('assumes nothing where there is none', async () => {
    const { simulator, run, world } = await startRegion().then((region) => ({
      ...region,
      world: region.simulator.world,
    }));
    await run(stopEc2Instances, one);
    expect(world.sessions).toEqual([]);
    expect(effects(simulator)).toEqual([`instance stopped ${checkout}`]);
  });

  it('keeps the keys to itself: neither results nor failures show any', async () => {
    const { simulator, run, world } = await startWithRole();
    const result = await run(stopEc2Instances, one);
    simulator.fail({ kind: 'status', status: 500, match: 'Action=StartInstances' });
    const failure = await failureOf(run(startEc2Instances, one));
    const shown = JSON.stringify([result, failure, String(failure.message), String(failure.stack)]);
    expect(world.sessions.length).toBeGreaterThan(1);
    for (const { accessKeyId } of world.sessions) expect(shown).not.toContain(accessKeyId);
    for (const { headers } of simulator.calls)
      if (headers['x-amz-security-token']) expect(shown).not.toContain(headers['x-amz-security-token']);
  });
});

type Altered = (ec2: Ec2, signal: AbortSignal) => Promise<unknown>;

/** The reboot as it was reviewed, with another `act`. */
const altered = (act: Altered): AnyChange => ({
  ...rebootEc2Instances,
  async act(_, { connection }, { ec2, attempt: { signal } }) {
    await act(await ec2(connection), signal);
    return { changed: true, requestedAt: '', adopted: false, rebooted: [] };
  },
});

describe('a change that was altered after its plan was shown', () => {
  const stop: Altered = async ({ sdk, ...ec2 }, signal) => {
    for (const { client } of await ec2.toMake(signal))
      await client.send(new sdk.StopInstancesCommand({ InstanceIds: [checkout] }));
  };
  it.each<[string, Altered, string]>([
    [
      'another instance',
      async ({ sdk, ...ec2 }, signal) => {
        for (const { client } of await ec2.toMake(signal))
          await client.send(new sdk.RebootInstancesCommand({ InstanceIds: [search] }));
      },
      `ec2:RebootInstances on resource: arn:aws:ec2:eu-central-1:111122223333:instance/${search}`,
    ],
    ['another call', stop, 'ec2:StopInstances'],
    [
      'a call that destroys for good',
      async ({ sdk, ...ec2 }, signal) => {
        for (const { client } of await ec2.toMake(signal))
          await client.send(new sdk.TerminateInstancesCommand({ InstanceIds: [checkout] }));
      },
      'ec2:TerminateInstances',
    ],
    [
      'the right call with the keys for looks',
      async ({ sdk, client }) => client.send(new sdk.RebootInstancesCommand({ InstanceIds: [checkout] })),
      'ec2:RebootInstances',
    ],
    [
      'one instance more',
      async ({ sdk, ...ec2 }, signal) => {
        for (const { client } of await ec2.toMake(signal))
          await client.send(new sdk.RebootInstancesCommand({ InstanceIds: [checkout, search] }));
      },
      search,
    ],
  ])('is refused by EC2: %s', async (_, act, told) => {
    const { simulator, run } = await startWithRole();
    impair(simulator, checkout);
    const failure = await failureOf(run(altered(act), one));
    expect(failure).toMatchObject({ name: 'UnauthorizedOperation' });
    expect(failure.message).toContain(told);
    expect(failure.message).toContain('because no session policy allows');
    expect(effects(simulator)).toEqual([]);
  });

  it('would have been made without a role: the keys of the connection are as wide as they are', async () => {
    const { simulator, run } = await startRegion();
    impair(simulator, checkout);
    await run(altered(stop), one);
    expect(effects(simulator)).toEqual([`instance stopped ${checkout}`]);
  });

  it('has keys for 15 minutes and no longer', async () => {
    const { clients, world } = await startWithRole();
    const calls = [`ec2:RebootInstances ${checkout}`];
    const ec2 = await clients.ec2('default', { ...byTrigger, calls });
    const [{ client } = { client: ec2.client }] = await ec2.toMake(new AbortController().signal);
    for (const session of world.sessions) session.expiresAt -= 900_000;
    const late = client.send(new ec2.sdk.RebootInstancesCommand({ InstanceIds: [checkout] }));
    expect(await failureOf(late)).toMatchObject({ name: 'RequestExpired' });
  });
});

const fleet = (count: number) =>
  Array.from({ length: count }, (_, index) => `i-0feed${String(index).padStart(12, '0')}`);

describe('a policy that is too long', () => {
  it('is made for parts of the instances, all keys before the first call', async () => {
    const { simulator, run, world } = await startWithRole();
    const ids = fleet(12);
    const [like] = world.instances;
    if (!like) throw new Error('The region is empty');
    world.instances = ids.map((id) => ({ ...structuredClone(like), id }));
    world.mostPacked = 400;
    const answer = await run(stopEc2Instances, { instanceIds: ids });
    expect(Object.values(answer.after)).toEqual(ids.map(() => 'stopping'));
    expect(effects(simulator)).toEqual(ids.map((id) => `instance stopped ${id}`));
    const made = changesIn(simulator);
    expect(made.lastIndexOf('AssumeRole')).toBeLessThan(made.indexOf('StopInstances'));
    expect(made.filter((action) => action === 'StopInstances')).toHaveLength(4);
    // The first is the one for looks.
    for (const { policy } of world.sessions.slice(1)) expect(policy?.length).toBeLessThanOrEqual(400);
  });

  it('is not even sent where it has more characters than AWS takes, and each call gets its own', async () => {
    const { clients, world } = await startWithRole();
    const [first, second] = [fleet(60).slice(0, 30), fleet(60).slice(30)];
    const calls = [`ec2:StopInstances ${first.join(' ')}`, `ec2:StartInstances ${second.join(' ')}`];
    const ec2 = await clients.ec2('default', { ...byTrigger, calls });
    const toMake = await ec2.toMake(new AbortController().signal);
    expect(toMake.map(({ action, instanceIds }) => [action, instanceIds.length])).toEqual([
      ['ec2:StopInstances', 30],
      ['ec2:StartInstances', 30],
    ]);
    expect(world.sessions.map(({ policy }) => (policy?.length ?? 0) <= 2_048)).toEqual([true, true]);
  });

  it('for one instance alone is given up', async () => {
    const { run, world } = await startWithRole();
    world.mostPacked = 130;
    const failure = await failureOf(run(stopEc2Instances, one));
    expect(failure).toMatchObject({ type: 'ProviderRefused', details: [{ effect: 'none' }] });
    expect(failure.message).toContain('cannot pack');
  });

  it('of which a later part fails is said to be made in part', async () => {
    const { simulator, run, instance, world } = await startWithRole();
    instance(search).tags['baton:restart'] = 'allowed';
    world.mostPacked = 180;
    const second = `Action=StopInstances&Version=2016-11-15&InstanceId.1=${search}`;
    simulator.fail({ kind: 'status', status: 503, match: second });
    const failure = await failureOf(run(stopEc2Instances, { instanceIds: [checkout, search] }));
    expect(failure).toMatchObject({ type: 'ProviderUnavailable', details: [{ effect: 'unknown' }] });
    expect(failure.message).toContain(`made of ${checkout}`);
    expect(effects(simulator)).toEqual([`instance stopped ${checkout}`]);
  });
});

const stsError = (code: string, message = 'words') =>
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>1</RequestId></ErrorResponse>`;

describe('a role that cannot be assumed', () => {
  it.each([
    ['sts:AssumeRole', ['sts:SetSourceIdentity']],
    ['sts:SetSourceIdentity', ['sts:AssumeRole']],
  ])('says that %s is to be allowed, and where', async (missing, trusted) => {
    const { run, role } = await startWithRole();
    for (const statement of role.trust.Statement) statement.Action = trusted;
    const failure = await failureOf(run(listEc2Instances, one));
    expect(failure).toMatchObject({ type: 'ProviderRefused', nonRetryable: true });
    expect(failure.message).toContain(`Allow ${missing} for ${simulatedRoleArn} in the trust policy`);
    expect(failure.message).toContain('deploy/iam-assume-role.json');
  });

  it('names whom its trust policy does not take', async () => {
    const { run, role } = await startWithRole();
    for (const statement of role.trust.Statement)
      statement.Condition = { StringLike: { 'sts:SourceIdentity': ['baton', '*@example.com'] } };
    const failure = await failureOf(run(stopEc2Instances, one, {}, byTrigger));
    expect(failure).toMatchObject({ type: 'ProviderRefused', details: [{ effect: 'none' }] });
    expect(failure.message).toContain('trigger=ec2-unhealthy has to fit it');
  });

  it.each([
    ['Throttling', 400, 'RateLimited', false],
    ['ServiceUnavailable', 503, 'ProviderUnavailable', false],
    ['InternalFailure', 500, 'ProviderUnavailable', false],
    ['ExpiredToken', 403, 'ProviderRefused', true],
    ['InvalidClientTokenId', 403, 'ProviderRefused', true],
    ['RegionDisabledException', 403, 'ProviderRefused', true],
  ])('answers %s with %i: %s, and nothing was changed', async (code, status, type, nonRetryable) => {
    const { simulator, run } = await startWithRole();
    await run(listEc2Instances, one);
    simulator.fail({ kind: 'status', status, body: stsError(code), match: 'Action=AssumeRole' });
    expect(await failureOf(run(stopEc2Instances, one))).toMatchObject({
      type,
      nonRetryable,
      message: expect.stringContaining('AWS STS'),
      details: [{ effect: 'none' }],
    });
    expect(effects(simulator)).toEqual([]);
    expect(await run(stopEc2Instances, one)).toMatchObject({ changed: true });
  });

  it('as STS does not answer is asked for again, and the change with it', async () => {
    const { simulator, run } = await startWithRole();
    await run(listEc2Instances, one);
    simulator.fail({ kind: 'cut', match: 'Action=AssumeRole' });
    expect(await failureOf(run(stopEc2Instances, one))).toMatchObject({
      type: 'ProviderUnavailable',
      nonRetryable: false,
      details: [{ effect: 'none' }],
    });
    simulator.fail({ kind: 'status', status: 502, body: '<html></html>', match: 'Action=AssumeRole' });
    expect(await failureOf(run(stopEc2Instances, one))).toMatchObject({
      type: 'ProviderUnavailable',
      details: [{ effect: 'none' }],
    });
  });
});

describe('the setting of a role', () => {
  const { settings } = ec2;
  it.each([simulatedRoleArn, 'arn:aws-us-gov:iam::111122223333:role/teams/sre/baton'])('takes %s', (text) => {
    expect(settings.parse({ EC2_ROLE_ARN: text }).EC2_ROLE_ARN).toBe(text);
  });

  it.each(['baton', 'arn:aws:iam::1111:role/baton', 'arn:aws:iam::111122223333:user/baton'])(
    'complains of %s',
    (text) => {
      const { error } = settings.safeParse({ EC2_ROLE_ARN: text });
      expect(error?.issues[0]?.message).toBe('is not a role like arn:aws:iam::111122223333:role/baton');
    },
  );

  it('is none of the SDK’s own, which a pod with a web identity has: it makes no call wider or narrower', async () => {
    const { simulator, run, world } = await startRegion({ AWS_ROLE_ARN: simulatedRoleArn }).then(
      (region) => ({
        ...region,
        world: region.simulator.world,
      }),
    );
    await run(stopEc2Instances, one);
    expect([world.sessions, effects(simulator)]).toEqual([[], [`instance stopped ${checkout}`]]);
  });
});

describe('the names of a session', () => {
  it.each([
    ['person:ada@example.com', 'ada@example.com'],
    ['person:ada+oncall@example.com', 'ada+oncall@example.com'],
    ['person:Zoë Lopez', 'person=Zo--Lopez'],
    ['slack:U0ADA', 'slack=U0ADA'],
    ['trigger:ec2-unhealthy', 'trigger=ec2-unhealthy'],
    ['token:ceo@example.com', 'token=ceo-example.com'],
    ['person:not an @address', 'person=not-an--address'],
    ['baton', 'baton'],
    ['x', 'x-'],
  ])('tell who answers for it: %s as %s', (by, told) => {
    expect(sourceIdentity(by)).toBe(told);
  });

  it('are as AWS takes them, also where they are long, and two long ones stay apart', () => {
    const long = `ec2-unhealthy/${'x'.repeat(80)}`;
    const told = sessionName(`${long}1`);
    expect(told).toMatch(/^ec2-unhealthy\.x+-[0-9a-f]{8}$/);
    expect(told).toHaveLength(64);
    expect(told).not.toBe(sessionName(`${long}2`));
    expect(sessionName('ec2-unhealthy/eu/PABC123/2')).toBe('ec2-unhealthy.eu.PABC123.2');
    expect(sessionName('über $(x)\n')).toMatch(/^[\w+=,.@-]{2,64}$/);
  });
});

const shipped = (file: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../../../deploy', file), 'utf8')) as Policy;

/** An account that is set up from the files that ship. */
async function startAsShipped() {
  const region = await startWithRole();
  region.world.identity.policy = shipped('iam-assume-role.json');
  Object.assign(region.role, {
    trust: shipped('iam-role-trust.json'),
    policy: shipped('iam-role-policy.json'),
  });
  return region;
}

describe('the policies that ship', () => {
  it('let a trigger do what it does, and the connection’s own keys nothing but to assume the role', async () => {
    const { run, simulator, env } = await startAsShipped();
    await run(listEc2Instances, one, {}, byTrigger);
    impair(simulator, checkout);
    await run(rebootEc2Instances, one, {}, byTrigger);
    const call = (each: string) =>
      run(checkEc2Access, { ...one, call: each as 'stop' }, {}, byTrigger).then(({ allowed: is }) => is);
    expect([await call('reboot'), await call('stop'), await call('start')]).toEqual([true, true, true]);
    const { EC2_ROLE_ARN: _, ...withoutRole } = env;
    expect(await failureOf(runnerFor(withoutRole)(listEc2Instances, one))).toMatchObject({
      type: 'ProviderRefused',
      message: expect.stringContaining('no identity-based policy allows'),
    });
  });

  it('let what has no tag be restarted where a person has approved it, and for nobody else', async () => {
    const { run, simulator } = await startAsShipped();
    impair(simulator, search);
    const approved = { approved: true } as const;
    const untagged = { instanceIds: [search] };
    expect(await failureOf(run(rebootEc2Instances, untagged, approved, byTrigger))).toMatchObject({
      type: 'ProviderRefused',
      message: expect.stringContaining('no identity-based policy allows'),
    });
    await run(rebootEc2Instances, untagged, approved, byAda);
    expect(effects(simulator)).toEqual([`instance rebooted ${search}`]);
    const access = { ...untagged, call: 'stop' } as const;
    expect(await run(checkEc2Access, access, {}, byTrigger)).toMatchObject({ allowed: false });
  });
});
