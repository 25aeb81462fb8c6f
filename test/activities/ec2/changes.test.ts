import { describe, expect, it } from 'vitest';
import { startEc2Instances, stopEc2Instances } from '../../../activities/ec2/change-state.ts';
import { rebootEc2Instances } from '../../../activities/ec2/reboot-instances.ts';
import { impair, type SimulatedInstance } from '../../../simulator/ec2.ts';
import { failureOf } from '../run.ts';
import { actions, checkout, effects, search, startAnswering, startRegion } from './region.ts';

const uncertainSince = '2026-11-21T08:00:00.000Z';
const afterUnknownOutcome = { number: 2, uncertainSince };
const both = { instanceIds: [checkout, search] };
const one = { instanceIds: [checkout] };
const looks = ['DescribeInstances', 'DescribeInstanceStatus'];
const allow = (instance: SimulatedInstance) => {
  instance.tags['baton:restart'] = 'allowed';
  return instance;
};

describe('a reboot', () => {
  it('is asked for once, for all instances together', async () => {
    const { simulator, run, instance } = await startRegion();
    allow(instance(search));
    for (const id of [checkout, search]) impair(simulator, id);
    const before = new Date().toISOString();
    const answer = await run(rebootEc2Instances, both);
    expect(answer).toMatchObject({ changed: true, adopted: false });
    expect(answer.requestedAt >= before).toBe(true);
    expect(answer.requestedAt <= new Date().toISOString()).toBe(true);
    expect(effects(simulator)).toEqual([`instance rebooted ${checkout}`, `instance rebooted ${search}`]);
    expect(actions(simulator)).toEqual([...looks, 'RebootInstances']);
  });

  it('of unknown outcome is adopted where the checks run anew, and not made again', async () => {
    const { simulator, run } = await startRegion();
    impair(simulator, checkout);
    simulator.fail({ kind: 'cut-after', match: 'Action=RebootInstances' });
    expect(await failureOf(run(rebootEc2Instances, one))).toMatchObject({
      type: 'ProviderUnavailable',
      details: [{ effect: 'unknown' }],
    });
    expect(await run(rebootEc2Instances, one, afterUnknownOutcome)).toEqual({
      changed: true,
      adopted: true,
      requestedAt: uncertainSince,
      rebooted: [checkout],
    });
    expect(effects(simulator)).toEqual([`instance rebooted ${checkout}`]);
  });

  it.each([
    ['the instance is impaired as before', true],
    ['the checks are good', false],
  ])('of unknown outcome is left to a person where %s', async (_, isImpaired) => {
    const { simulator, run } = await startRegion();
    if (isImpaired) impair(simulator, checkout);
    expect(await failureOf(run(rebootEc2Instances, one, afterUnknownOutcome))).toMatchObject({
      type: 'Conflict',
      nonRetryable: true,
    });
    expect(actions(simulator)).toEqual(['DescribeInstanceStatus']);
  });

  it('of unknown outcome is left to a person where only a part was rebooted', async () => {
    const { simulator, run, instance, at } = await startRegion();
    instance(checkout).rebootedAt = at(0);
    expect(await failureOf(run(rebootEc2Instances, both, afterUnknownOutcome))).toMatchObject({
      type: 'Conflict',
    });
    expect(effects(simulator)).toEqual([]);
  });

  it('of unknown outcome is left to a person where EC2 tells nothing', async () => {
    const { run, calls } = await startAnswering(
      200,
      '<DescribeInstanceStatusResponse><instanceStatusSet/></DescribeInstanceStatusResponse>',
    );
    expect(await failureOf(run(rebootEc2Instances, one, afterUnknownOutcome))).toMatchObject({
      type: 'Conflict',
    });
    expect(calls).toEqual(['DescribeInstanceStatus']);
  });

  it('may be asked for again after a rate limit, since nothing was done', async () => {
    const { simulator, run } = await startRegion();
    impair(simulator, checkout);
    simulator.fail({ kind: 'status', status: 429, match: 'Action=RebootInstances' });
    expect(await failureOf(run(rebootEc2Instances, one))).toMatchObject({
      type: 'RateLimited',
      details: [{ effect: 'none' }],
    });
    expect(await run(rebootEc2Instances, one, { number: 2 })).toMatchObject({ adopted: false });
    expect(effects(simulator)).toEqual([`instance rebooted ${checkout}`]);
  });

  it.each(['stopped', 'terminated'] as const)('is not asked for where an instance is %s', async (state) => {
    const { simulator, run, instance } = await startRegion();
    allow(instance(search)).state = state;
    const failure = await failureOf(run(rebootEc2Instances, both));
    expect(failure).toMatchObject({ type: 'InvalidInput' });
    expect(failure.message).toContain(`${search} is ${state}`);
    expect(effects(simulator)).toEqual([]);
  });

  it('is not asked for where EC2 leaves out an instance of the selection', async () => {
    const { run, calls } = await startAnswering(
      200,
      `<DescribeInstancesResponse><reservationSet><item><instancesSet><item><instanceId>${checkout}</instanceId>
        <instanceState><code>16</code><name>running</name></instanceState>
      </item></instancesSet></item></reservationSet></DescribeInstancesResponse>`,
    );
    const failure = await failureOf(run(rebootEc2Instances, both));
    expect(failure).toMatchObject({ type: 'InvalidInput' });
    expect(failure.message).toContain(search);
    expect(calls).not.toContain('RebootInstances');
  });

  it('past the workflow is refused without the tag, with the reason and what to do, and nothing is done', async () => {
    const { simulator, run } = await startRegion();
    for (const id of [checkout, search]) impair(simulator, id);
    const failure = await failureOf(run(rebootEc2Instances, both));
    expect(failure).toMatchObject({
      type: 'ProviderRefused',
      nonRetryable: true,
      details: [{ effect: 'none' }],
    });
    expect(failure.message).toContain(`${search} lacks the tag baton:restart = allowed`);
    expect(effects(simulator)).toEqual([]);
  });

  it.each(['denied', '', 'Allowed'])('is refused where the tag says "%s"', async (value) => {
    const { simulator, run, instance } = await startRegion();
    impair(simulator, checkout);
    instance(checkout).tags['baton:restart'] = value;
    expect(await failureOf(run(rebootEc2Instances, one))).toMatchObject({ type: 'ProviderRefused' });
    expect(effects(simulator)).toEqual([]);
  });

  it('leaves alone what is healthy by then, and what boots', async () => {
    const { simulator, run, instance, at } = await startRegion();
    expect(await run(rebootEc2Instances, one)).toMatchObject({ changed: false, rebooted: [] });
    allow(instance(search));
    impair(simulator, search);
    expect(await run(rebootEc2Instances, both)).toMatchObject({ changed: true, rebooted: [search] });
    instance(checkout).rebootedAt = at(simulator.calls.length * 15);
    expect(await failureOf(run(rebootEc2Instances, one))).toMatchObject({ type: 'Conflict' });
    expect(effects(simulator)).toEqual([`instance rebooted ${search}`]);
  });

  it('that is not allowed is refused', async () => {
    const { simulator, run } = await startRegion();
    impair(simulator, checkout);
    simulator.world.denied.push('ec2:RebootInstances');
    expect(await failureOf(run(rebootEc2Instances, one))).toMatchObject({
      type: 'ProviderRefused',
      nonRetryable: true,
      details: [{ status: 403, effect: 'none' }],
    });
    expect(effects(simulator)).toEqual([]);
  });

  it('has each instance as a target', () => {
    const input = rebootEc2Instances.input.parse(both);
    expect(rebootEc2Instances.targets?.(input)).toEqual([`ec2:${checkout}`, `ec2:${search}`]);
  });
});

describe('stop and start', () => {
  it('tell the states before and after, and change nothing the second time', async () => {
    const { simulator, run } = await startRegion();
    expect(await run(stopEc2Instances, one)).toEqual({
      changed: true,
      before: { [checkout]: 'running' },
      after: { [checkout]: 'stopping' },
    });
    expect(await run(stopEc2Instances, one)).toMatchObject({ changed: false });
    expect(await run(startEc2Instances, one)).toEqual({
      changed: true,
      before: { [checkout]: 'stopped' },
      after: { [checkout]: 'pending' },
    });
    expect(await run(startEc2Instances, one)).toMatchObject({ changed: false });
    expect(effects(simulator)).toEqual([`instance stopped ${checkout}`, `instance started ${checkout}`]);
  });

  it.each([
    ['stop', stopEc2Instances, 'running'],
    ['start', startEc2Instances, 'stopped'],
  ] as const)('have one effect although the answer was lost: %s', async (_, activity, state) => {
    const { simulator, run, instance } = await startRegion();
    instance(checkout).state = state;
    simulator.fail({ kind: 'cut-after', match: /stop/i.test(activity.name) ? 'StopInst' : 'StartInst' });
    expect(await failureOf(run(activity, one))).toMatchObject({ type: 'ProviderUnavailable' });
    expect(await run(activity, one, afterUnknownOutcome)).toMatchObject({ changed: false });
    expect(simulator.ledger).toHaveLength(1);
  });

  it('are a conflict, with the states, while the opposite is under way', async () => {
    const { simulator, run, instance, at } = await startRegion();
    Object.assign(allow(instance(search)), { state: 'stopped', changedAt: at(1000) });
    const failure = await failureOf(run(startEc2Instances, both));
    expect(failure).toMatchObject({ type: 'Conflict', nonRetryable: true });
    expect(failure.message).toContain(`${search} is stopping`);
    expect(effects(simulator)).toEqual([]);
  });

  it('are done where EC2 refuses because the state is reached', async () => {
    const { simulator, run, instance, at } = await startRegion();
    // Still stopping when the start is asked for, and then started by somebody else.
    instance(checkout).changedAt = at(1000);
    Object.defineProperty(instance(checkout), 'state', {
      get: () => (simulator.calls.length < 3 ? 'stopped' : 'running'),
    });
    expect(await run(startEc2Instances, one)).toEqual({
      changed: false,
      before: { [checkout]: 'pending' },
      after: { [checkout]: 'pending' },
    });
    expect(actions(simulator)).toEqual(['DescribeInstances', 'StartInstances', 'DescribeInstances']);
  });

  it.each([
    ['stop', stopEc2Instances, 'running'],
    ['start', startEc2Instances, 'stopped'],
  ] as const)('are refused without the tag: %s', async (_, activity, state) => {
    const { simulator, run, instance } = await startRegion();
    instance(search).state = state;
    expect(await failureOf(run(activity, both))).toMatchObject({
      type: 'ProviderRefused',
      nonRetryable: true,
    });
    expect(effects(simulator)).toEqual([]);
  });

  it('never wipe an instance store', async () => {
    const { simulator, run, instance } = await startRegion();
    allow(instance(search)).rootDevice = 'instance-store';
    const failure = await failureOf(run(stopEc2Instances, both));
    expect(failure).toMatchObject({ type: 'InvalidInput' });
    expect(failure.message).toContain(search);
    expect(actions(simulator)).toEqual(['DescribeInstances']);
  });

  it('force only where asked to', async () => {
    const { simulator, run, instance } = await startRegion();
    allow(instance(search));
    await run(stopEc2Instances, one);
    await run(stopEc2Instances, { instanceIds: [search], force: true });
    const stops = simulator.calls.filter(({ body }) => body.includes('Action=StopInstances'));
    expect(stops.map(({ body }) => new URLSearchParams(body).get('Force'))).toEqual([null, 'true']);
  });
});
