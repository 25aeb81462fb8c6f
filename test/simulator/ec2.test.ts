import { describe, expect, it, onTestFinished } from 'vitest';
import { ec2Environment, ec2Simulation, impair, simulatedRoleArn } from '../../simulator/ec2.ts';
import { startSimulator } from '../../simulator/simulator.ts';

const checkout = 'i-0abc12345def67890';

async function startEc2() {
  let now = Date.parse('2026-11-21T08:00:00Z');
  const simulator = await startSimulator(ec2Simulation({ timeScale: 1, clock: () => now }));
  onTestFinished(() => simulator.close());
  const { AWS_ACCESS_KEY_ID } = ec2Environment(simulator.url);
  const signed = `AWS4-HMAC-SHA256 Credential=${AWS_ACCESS_KEY_ID}/20261121/eu-central-1/ec2/aws4_request`;
  const call = async (form: Record<string, string>, authorization = signed) => {
    const body = new URLSearchParams({ 'InstanceId.1': checkout, ...form });
    const answer = await fetch(simulator.url, { method: 'POST', body, headers: { authorization } });
    const text = await answer.text();
    return { status: answer.status, text, code: /<Code>(.*?)<\/Code>/.exec(text)?.[1] };
  };
  const check = async () =>
    /<instanceStatus><status>(.*?)</.exec(
      (await call({ Action: 'DescribeInstanceStatus', IncludeAllInstances: 'true' })).text,
    )?.[1];
  const pass = (seconds: number) => {
    now += seconds * 1000;
  };
  return { simulator, call, check, pass };
}

describe('the simulated EC2', () => {
  it('wants a request that is signed with its key', async () => {
    const { call } = await startEc2();
    expect(await call({ Action: 'DescribeInstances' }, '')).toMatchObject({
      status: 401,
      code: 'AuthFailure',
    });
    expect((await call({ Action: 'DescribeInstances' })).status).toBe(200);
  });

  it('tells by a dry run whether the call is allowed and its instances are there, and does nothing', async () => {
    const { simulator, call } = await startEc2();
    const reboot = { Action: 'RebootInstances', DryRun: 'true' };
    expect(await call(reboot)).toMatchObject({ status: 412, code: 'DryRunOperation' });
    expect(await call({ ...reboot, 'InstanceId.1': 'i-0123456789abcdef0' })).toMatchObject({
      status: 400,
      code: 'InvalidInstanceID.NotFound',
    });
    simulator.world.denied.push('ec2:RebootInstances');
    expect(await call(reboot)).toMatchObject({ status: 403, code: 'UnauthorizedOperation' });
    expect(simulator.ledger).toEqual([]);
  });

  it('checks a rebooted instance anew, after a while in which the old checks stay', async () => {
    const { simulator, call, check, pass } = await startEc2();
    impair(simulator, checkout);
    expect(await check()).toBe('impaired');
    await call({ Action: 'RebootInstances' });
    const seen = [];
    for (const seconds of [0, 4, 1, 29, 1, 3600]) {
      pass(seconds);
      seen.push(await check());
    }
    expect(seen).toEqual(['impaired', 'impaired', 'initializing', 'initializing', 'ok', 'ok']);
    impair(simulator, checkout);
    expect(await check()).toBe('impaired');
  });

  it('leaves an instance impaired where a reboot does not help', async () => {
    const { simulator, call, check, pass } = await startEc2();
    impair(simulator, checkout, { rebootHelps: false });
    await call({ Action: 'RebootInstances' });
    pass(3600);
    expect(await check()).toBe('impaired');
  });

  it('reboots as often as it is asked, as EC2 does', async () => {
    const { simulator, call } = await startEc2();
    await call({ Action: 'RebootInstances' });
    await call({ Action: 'RebootInstances' });
    expect(simulator.ledger).toHaveLength(2);
  });

  it('takes its time to stop and to start', async () => {
    const { simulator, call, check, pass } = await startEc2();
    const { text } = await call({ Action: 'StopInstances' });
    expect(text).toMatch(/<currentState><code>64<\/code><name>stopping<.*<previousState><code>16</);
    expect(await call({ Action: 'StartInstances' })).toMatchObject({
      status: 400,
      code: 'IncorrectInstanceState',
    });
    expect(await call({ Action: 'RebootInstances' })).toMatchObject({ code: 'IncorrectInstanceState' });
    pass(10);
    expect((await call({ Action: 'StartInstances' })).text).toContain('<name>pending</name>');
    expect(await check()).toBe('not-applicable');
    pass(10);
    expect(await check()).toBe('initializing');
    pass(30);
    expect(await check()).toBe('ok');
    expect(simulator.ledger.map(({ effect }) => effect)).toEqual(['instance stopped', 'instance started']);
  });

  it('answers a dry run with an error either way, and does nothing', async () => {
    const { simulator, call } = await startEc2();
    const dryRun = { Action: 'RebootInstances', DryRun: 'true' };
    expect(await call(dryRun)).toMatchObject({ status: 412, code: 'DryRunOperation' });
    simulator.world.denied.push('ec2:RebootInstances');
    expect(await call(dryRun)).toMatchObject({ status: 403, code: 'UnauthorizedOperation' });
    expect(simulator.ledger).toEqual([]);
  });

  it.each([
    [{ Action: 'RunInstances' }, 'InvalidAction'],
    [{ Action: 'RebootInstances', 'InstanceId.1': 'i-1' }, 'InvalidInstanceID.Malformed'],
    [{ Action: 'RebootInstances', 'InstanceId.2': 'i-0123456789abcdef0' }, 'InvalidInstanceID.NotFound'],
  ])('refuses %j with %s', async (form, code) => {
    const { simulator, call } = await startEc2();
    expect(await call(form)).toMatchObject({ status: 400, code });
    expect(simulator.ledger).toEqual([]);
  });

  it('gives keys for a role only as STS does, and takes them for EC2 with their token alone', async () => {
    const { simulator, call } = await startEc2();
    const { AWS_ACCESS_KEY_ID } = ec2Environment(simulator.url);
    const signedFor = (id: string | undefined, service: string) =>
      `AWS4-HMAC-SHA256 Credential=${id}/20261121/eu-central-1/${service}/aws4_request`;
    const assume = (form: Record<string, string>) =>
      call(
        { Action: 'AssumeRole', RoleArn: simulatedRoleArn, RoleSessionName: 'run', ...form },
        signedFor(AWS_ACCESS_KEY_ID, 'sts'),
      );
    const refusals: [Record<string, string>, string][] = [
      [{ RoleSessionName: 'a/b' }, 'ValidationError'],
      [{ SourceIdentity: 'x' }, 'ValidationError'],
      [{ DurationSeconds: '899' }, 'ValidationError'],
      [{ DurationSeconds: '3601' }, 'ValidationError'],
      [{ Policy: ' '.repeat(2_049) }, 'ValidationError'],
      [{ Policy: '{' }, 'MalformedPolicyDocument'],
      [{ RoleArn: `${simulatedRoleArn}-other` }, 'AccessDenied'],
    ];
    for (const [form, code] of refusals) expect((await assume(form)).code).toBe(code);
    expect(simulator.world.sessions).toEqual([]);
    expect((await assume({ DurationSeconds: '900' })).status).toBe(200);
    const [session] = simulator.world.sessions;
    const stolen = await call({ Action: 'DescribeInstances' }, signedFor(session?.accessKeyId, 'ec2'));
    expect(stolen).toMatchObject({ status: 401, code: 'AuthFailure' });
  });
});
