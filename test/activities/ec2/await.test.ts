import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { awaitEc2InstancesHealthy } from '../../../activities/ec2/await-healthy.ts';
import { awaitEc2InstancesState } from '../../../activities/ec2/await-state.ts';
import { impair } from '../../../simulator/ec2.ts';
import { failureOf } from '../run.ts';
import { checkout, search, startAnswering, startRegion } from './region.ts';

const one = { instanceIds: [checkout] };
const iso = (time: number) => new Date(time).toISOString();
const well = { healthy: true, failing: [] };

describe('awaiting healthy instances', () => {
  it('ends when all checks have been good for long enough', async () => {
    const { simulator, run } = await startRegion();
    expect(await run(awaitEc2InstancesHealthy, { instanceIds: [checkout, search] })).toEqual(well);
    // Good at 15 s, and so for 60 s at 75 s.
    expect(simulator.calls).toHaveLength(5);
  });

  it('counts after a reboot from when the new checks are good', async () => {
    const { simulator, run, instance, at } = await startRegion();
    impair(simulator, checkout);
    instance(checkout).rebootedAt = at(0);
    expect(await run(awaitEc2InstancesHealthy, { ...one, since: iso(at(0)) })).toEqual(well);
    // The checks run anew at 15 s and 30 s; good at 45 s, and so for 60 s at 105 s.
    expect(simulator.calls).toHaveLength(7);
  });

  it('does not believe the good checks of before the reboot', async () => {
    const { simulator, run, instance, at } = await startRegion();
    instance(checkout).rebootedAt = at(35);
    const input = { ...one, since: iso(at(0)), stableForSeconds: 15 };
    expect(await run(awaitEc2InstancesHealthy, input)).toEqual(well);
    // The old ones at 15 s and 30 s, anew from 40 s to 70 s, good at 75 s, and so for 15 s at 90 s.
    expect(simulator.calls).toHaveLength(6);
  });

  it('believes checks that have not changed 180 s after the reboot', async () => {
    const { simulator, run, at } = await startRegion();
    expect(await run(awaitEc2InstancesHealthy, { ...one, since: iso(at(0)) })).toEqual(well);
    expect(simulator.calls).toHaveLength((180 + 60) / 15);
  });

  it('counts anew after a relapse', async () => {
    const { simulator, run, instance } = await startRegion();
    Object.defineProperty(instance(checkout), 'impaired', { get: () => simulator.calls.length === 3 });
    expect(await run(awaitEc2InstancesHealthy, one)).toEqual(well);
    // Bad at 45 s, good at 60 s, and so for 60 s at 120 s.
    expect(simulator.calls).toHaveLength(8);
  });

  it('answers at its end what still fails', async () => {
    const { simulator, run, instance, at } = await startRegion();
    impair(simulator, checkout, { rebootHelps: false });
    Object.assign(instance(checkout), { rebootedAt: at(0) });
    const input = { instanceIds: [checkout, search], since: iso(at(0)), timeoutSeconds: 300 };
    expect(await run(awaitEc2InstancesHealthy, input)).toEqual({
      healthy: false,
      failing: [{ id: checkout, check: 'instance', status: 'impaired' }],
    });
    expect(simulator.calls).toHaveLength(300 / 15);
  });

  it('says that an instance is not running', async () => {
    const { run, instance } = await startRegion();
    instance(checkout).state = 'stopped';
    const { healthy, failing } = await run(awaitEc2InstancesHealthy, { ...one, timeoutSeconds: 30 });
    expect(healthy).toBe(false);
    expect(failing[0]).toEqual({ id: checkout, check: 'state', status: 'stopped' });
  });

  it('does not take an instance for well that EC2 tells nothing of', async () => {
    const { run } = await startAnswering(
      200,
      '<DescribeInstanceStatusResponse><instanceStatusSet/></DescribeInstanceStatusResponse>',
    );
    expect(await run(awaitEc2InstancesHealthy, { ...one, timeoutSeconds: 1 })).toEqual({
      healthy: false,
      failing: [{ id: checkout, check: 'state', status: 'not known' }],
    });
  });

  it('fails with what EC2 says instead of polling on', async () => {
    const { simulator, run } = await startRegion();
    simulator.world.denied.push('ec2:DescribeInstanceStatus');
    expect(await failureOf(run(awaitEc2InstancesHealthy, one))).toMatchObject({ type: 'ProviderRefused' });
    expect(simulator.calls).toHaveLength(1);
  });

  it('ends with the attempt', async () => {
    const { simulator, run } = await startRegion({ BATON_SIMULATED_TIME_SCALE: '0.001' });
    const attempt = new AbortController();
    const ended = failureOf(run(awaitEc2InstancesHealthy, one, { signal: attempt.signal }));
    await vi.waitFor(() => expect(simulator.calls).toHaveLength(1), { interval: 5 });
    // Until the answer has arrived and the wait has begun; an abort before that ends it all the same.
    await pause(40);
    attempt.abort();
    expect(await ended).toMatchObject({ name: 'AbortError' });
    expect(simulator.calls).toHaveLength(1);
  });
});

describe('awaiting a state', () => {
  it('ends when all instances are there', async () => {
    const { simulator, run, instance, at } = await startRegion();
    Object.assign(instance(checkout), { state: 'stopped', changedAt: at(25) });
    expect(await run(awaitEc2InstancesState, { ...one, state: 'stopped' })).toEqual({
      reached: true,
      others: {},
    });
    // Stopping until 35 s.
    expect(simulator.calls).toHaveLength(3);
  });

  it('answers at its end which are elsewhere', async () => {
    const { simulator, run, instance } = await startRegion();
    instance(search).state = 'stopped';
    const input = { instanceIds: [checkout, search], state: 'running' as const, timeoutSeconds: 60 };
    expect(await run(awaitEc2InstancesState, input)).toEqual({
      reached: false,
      others: { [search]: 'stopped' },
    });
    expect(simulator.calls).toHaveLength(4);
  });
});
