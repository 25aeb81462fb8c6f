import { describe, expect, it, vi } from 'vitest';
import { startEc2Instances } from '../../../activities/ec2/change-state.ts';
import { listEc2InstanceStatuses } from '../../../activities/ec2/list-instance-statuses.ts';
import { ec2Environment } from '../../../simulator/ec2.ts';
import { clientsFor } from '../../clients.ts';
import { failureOf, runnerFor } from '../run.ts';
import { checkout, errorXml, startAnswering, startRegion } from './region.ts';

const one = { instanceIds: [checkout] };
const secret = ec2Environment('').AWS_SECRET_ACCESS_KEY ?? '';

describe('what EC2 answers', () => {
  it.each([
    [503, 'RequestLimitExceeded', 'RateLimited'],
    [400, 'Throttling', 'RateLimited'],
    [400, 'ThrottlingException', 'RateLimited'],
    [500, 'InternalError', 'ProviderUnavailable'],
    [400, 'InternalFailure', 'ProviderUnavailable'],
    [503, 'Unavailable', 'ProviderUnavailable'],
    [400, 'ServiceUnavailable', 'ProviderUnavailable'],
    [400, 'RequestExpired', 'ProviderUnavailable'],
    [500, 'InsufficientInstanceCapacity', 'ProviderUnavailable'],
    [400, 'InvalidInstanceID.NotFound', 'InvalidInput'],
    [400, 'InvalidInstanceID.Malformed', 'InvalidInput'],
    [400, 'InvalidParameterCombination', 'InvalidInput'],
    [400, 'IncorrectState', 'Conflict'],
    [400, 'OperationNotPermitted', 'Conflict'],
    [401, 'AuthFailure', 'ProviderRefused'],
    [403, 'UnauthorizedOperation', 'ProviderRefused'],
    [403, 'SignatureDoesNotMatch', 'ProviderRefused'],
    [400, 'UnsupportedOperation', 'ProviderRefused'],
    [400, 'VcpuLimitExceeded', 'ProviderRefused'],
  ])('is classed by its code, not by the status: %i %s is %s', async (status, code, type) => {
    const { run, calls } = await startAnswering(status, errorXml(code));
    const failure = await failureOf(run(listEc2InstanceStatuses, one));
    expect(failure).toMatchObject({
      type,
      nonRetryable: type !== 'RateLimited' && type !== 'ProviderUnavailable',
    });
    expect(failure.message).toContain(`${code}: words`);
    expect(calls).toHaveLength(1);
  });

  it('has its wait: short for a limit, long for want of capacity', async () => {
    const limited = await startAnswering(503, errorXml('RequestLimitExceeded'));
    expect(await failureOf(limited.run(startEc2Instances, one))).toMatchObject({ nextRetryDelay: 5000 });
    const full = await startAnswering(500, errorXml('InsufficientInstanceCapacity'));
    expect(await failureOf(full.run(startEc2Instances, one))).toMatchObject({ nextRetryDelay: 60_000 });
  });

  it('is cut where it is long', async () => {
    const { run } = await startAnswering(403, errorXml('UnauthorizedOperation', `no: ${'x'.repeat(5000)}`));
    const { message } = await failureOf(run(listEc2InstanceStatuses, one));
    expect(String(message).length).toBeLessThan(600);
  });

  it.each([
    [502, '<html>Bad gateway</html>', 'ProviderUnavailable'],
    [403, '<html>Forbidden</html>', 'ProviderRefused'],
    [200, 'not XML <', 'AnswerUnreadable'],
    [200, '<html><body>Sign in</body></html>', 'AnswerUnreadable'],
    [200, '<DescribeInstanceStatusResponse><instanceStatusSet><item><inst', 'AnswerUnreadable'],
  ])('may be no answer of EC2 at all: %i %s', async (status, body, type) => {
    const { run, calls } = await startAnswering(status, body);
    expect(await failureOf(run(listEc2InstanceStatuses, one))).toMatchObject({ type });
    expect(calls).toHaveLength(1);
  });
});

describe('EC2 out of reach', () => {
  it('is tried again later, its effect unknown', async () => {
    const { simulator, run } = await startRegion();
    simulator.fail({ kind: 'cut' });
    expect(await failureOf(run(startEc2Instances, one))).toMatchObject({
      type: 'ProviderUnavailable',
      nonRetryable: false,
      details: [{ provider: 'EC2', effect: 'unknown' }],
    });
    expect(simulator.calls).toHaveLength(1);
    const unreachable = runnerFor(ec2Environment('http://127.0.0.1:1'));
    expect(await failureOf(unreachable(listEc2InstanceStatuses, one))).toMatchObject({
      type: 'ProviderUnavailable',
    });
  });

  it('ends with the attempt', async () => {
    const { simulator, run } = await startRegion();
    simulator.fail({ kind: 'hang' });
    const attempt = new AbortController();
    const ended = failureOf(run(listEc2InstanceStatuses, one, { signal: attempt.signal }));
    await vi.waitFor(() => expect(simulator.calls).toHaveLength(1), { interval: 5 });
    attempt.abort();
    expect(await ended).toMatchObject({ name: 'AbortError' });
  });
});

describe('the connection', () => {
  it('names the missing setting, or the connection', async () => {
    const { simulator, run } = await startRegion({ AWS_REGION: '' });
    expect(await failureOf(run(listEc2InstanceStatuses, one))).toMatchObject({
      type: 'NotConnected',
      message: 'EC2 is not connected: set AWS_REGION',
    });
    expect(await failureOf(run(listEc2InstanceStatuses, { ...one, connection: 'emea' }))).toMatchObject({
      type: 'NotConnected',
      message: 'EC2 has no connection named "emea"',
    });
    expect(simulator.calls).toEqual([]);
  });

  it('takes AWS_DEFAULT_REGION where AWS_REGION is unset, and signs for it', async () => {
    const { simulator, run } = await startRegion({ AWS_REGION: '', AWS_DEFAULT_REGION: 'eu-west-3' });
    await run(listEc2InstanceStatuses, one);
    expect(simulator.calls[0]?.headers.authorization).toContain('/eu-west-3/ec2/aws4_request');
  });

  it('sends the session token of temporary keys', async () => {
    const { simulator, run } = await startRegion({ AWS_SESSION_TOKEN: 'session' });
    await run(listEc2InstanceStatuses, one);
    expect(simulator.calls[0]?.headers['x-amz-security-token']).toBe('session');
  });

  it('shows no secret, neither in a request nor in a failure', async () => {
    const { simulator, run } = await startRegion();
    for (const kind of ['status', 'cut'] as const) {
      simulator.fail({ kind });
      const { message, stack, details, cause } = await failureOf(run(listEc2InstanceStatuses, one));
      const shown = JSON.stringify([message, stack, details, cause]);
      expect(shown).not.toContain(secret);
      expect(shown).not.toContain('Signature=');
    }
    expect(JSON.stringify(simulator.calls)).not.toContain(secret);
    expect(simulator.calls[0]?.headers.authorization).toContain('Signature=');
  });

  it('to the real EC2 is not hastened by what is simulated beside it', async () => {
    const { AWS_ENDPOINT_URL_EC2: _, ...env } = ec2Environment('http://127.0.0.1:1');
    expect((await clientsFor(env).ec2('default')).timeScale).toBe(1);
    expect((await clientsFor(ec2Environment('http://127.0.0.1:1')).ec2('default')).timeScale).toBe(20);
  });
});
