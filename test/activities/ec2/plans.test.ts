import { describe, expect, it } from 'vitest';
import type { AnyChange } from '../../../activities/activity.ts';
import { startEc2Instances, stopEc2Instances } from '../../../activities/ec2/change-state.ts';
import { rebootEc2Instances } from '../../../activities/ec2/reboot-instances.ts';
import type { Plan } from '../../../domain/plan.ts';
import { impair, type SimulatedInstance } from '../../../simulator/ec2.ts';
import { actBy, dryRunOf, planOf } from '../plan.ts';
import { failureOf } from '../run.ts';
import { actions, checkout, effects, search, startRegion } from './region.ts';

const both = { instanceIds: [checkout, search] };
const connection = 'default';

/** A region in which both instances may be changed: checkout is running and impaired, search is as said. */
async function startWith(state: SimulatedInstance['state'] = 'running') {
  const region = await startRegion();
  Object.assign(region.instance(search), { state, tags: { 'baton:restart': 'allowed' } });
  impair(region.simulator, checkout);
  return region;
}

const changes: { name: string; activity: AnyChange; plan: Record<string, unknown>; effect: string }[] = [
  {
    name: 'reboot',
    activity: rebootEc2Instances,
    plan: {
      summary: `Reboots ${checkout}`,
      calls: [`ec2:RebootInstances ${checkout}`],
      values: {},
      before: { [checkout]: { system: 'ok', instance: 'impaired', ebs: 'ok' } },
      inverse: { none: 'a reboot cannot be taken back' },
      output: { changed: true, adopted: false, rebooted: [checkout] },
    },
    effect: 'instance rebooted',
  },
  {
    name: 'stop',
    activity: stopEc2Instances,
    plan: {
      summary: `Stops ${checkout}`,
      calls: [`ec2:StopInstances ${checkout}`],
      values: {},
      before: { [checkout]: 'running', [search]: 'stopped' },
      after: { [checkout]: 'stopping', [search]: 'stopped' },
      inverse: { activity: 'startEc2Instances', input: { connection, instanceIds: [checkout] } },
      output: { changed: true, after: { [checkout]: 'stopping', [search]: 'stopped' } },
    },
    effect: 'instance stopped',
  },
  {
    name: 'start',
    activity: startEc2Instances,
    plan: {
      summary: `Starts ${search}`,
      calls: [`ec2:StartInstances ${search}`],
      values: {},
      before: { [checkout]: 'running', [search]: 'stopped' },
      after: { [checkout]: 'running', [search]: 'pending' },
      inverse: { activity: 'stopEc2Instances', input: { connection, instanceIds: [search] } },
      output: { changed: true, before: { [checkout]: 'running', [search]: 'stopped' } },
    },
    effect: 'instance started',
  },
];
/** The instance that the plan's one call is about. */
const idIn = ({ calls }: Pick<Plan, 'calls'>) => calls[0]?.split(' ')[1] ?? '';
const stateFor = (activity: AnyChange) => (activity === rebootEc2Instances ? 'running' : 'stopped');

describe('a look at instances', () => {
  it.each(changes)('changes nothing, and tells what would be: $name', async ({ activity, plan }) => {
    const { run, simulator } = await startWith(stateFor(activity));
    expect(await planOf(run, activity, both)).toMatchObject(plan);
    expect(actions(simulator).filter((action) => !action?.startsWith('Describe'))).toEqual([]);
    expect(effects(simulator)).toEqual([]);
  });

  it('says of a stop by force that it is one, also where a stop hangs', async () => {
    const { run, instance, at } = await startWith();
    Object.assign(instance(checkout), { state: 'stopped', changedAt: at(1000) });
    const input = { instanceIds: [checkout] };
    await expect(planOf(run, stopEc2Instances, input)).rejects.toThrow('it is done');
    expect(await planOf(run, stopEc2Instances, { ...input, force: true })).toMatchObject({
      summary: `Stops by force ${checkout}`,
      calls: [`ec2:StopInstances Force=true ${checkout}`],
      before: { [checkout]: 'stopping' },
    });
  });

  it.each([
    ['stop', stopEc2Instances],
    ['start', startEc2Instances],
  ] as const)('is a conflict where one is gone, before anything is asked for: %s', async (_, activity) => {
    const { run, simulator } = await startWith('terminated');
    const failure = await failureOf(planOf(run, activity, both));
    expect(failure).toMatchObject({ type: 'Conflict', message: expect.stringContaining('is terminated') });
    expect(actions(simulator)).toEqual(['DescribeInstances']);
  });
});

describe('a plan for instances that was stored', () => {
  it.each(changes)('is carried out by the one call that it tells: $name', async ({ activity, effect }) => {
    const { run, simulator } = await startWith(stateFor(activity));
    const plan = await planOf(run, activity, both);
    const { requestedAt: _, ...output } = plan.output;
    simulator.calls.splice(0);
    expect(await actBy(run, activity, plan, both)).toMatchObject(output);
    const id = idIn(plan);
    expect(effects(simulator)).toEqual([`${effect} ${id}`]);
    const form = new URLSearchParams(simulator.calls[0]?.body);
    expect(plan.calls).toEqual([`ec2:${form.get('Action')} ${form.get('InstanceId.1')}`]);
    expect(form.has('InstanceId.2')).toBe(false);
    expect(simulator.calls).toHaveLength(1);
  });

  it.each([
    ['stop', stopEc2Instances, startEc2Instances],
    ['start', startEc2Instances, stopEc2Instances],
  ] as const)('is taken back by its inverse: %s', async (_, activity, back) => {
    const { run, simulator } = await startWith('stopped');
    const { inverse, before, ...plan } = await planOf(run, activity, both);
    await actBy(run, activity, { inverse, before, ...plan }, both);
    if (!('activity' in inverse)) throw new Error('no inverse');
    expect(inverse.activity).toBe(back.name);
    simulator.world.timeScale = Infinity;
    await actBy(run, back, await planOf(run, back, inverse.input), inverse.input);
    expect(await planOf(run, activity, both)).toMatchObject({ before });
    expect(effects(simulator)).toHaveLength(2);
  });
});

describe('a change by a plan whose instances have moved on since', () => {
  it.each([
    ['stop', stopEc2Instances, checkout, 'stopped'],
    ['start', startEc2Instances, search, 'running'],
  ] as const)('asks for nothing that is so by then: %s', async (_, activity, id, state) => {
    const { run, simulator, instance } = await startWith('stopped');
    const plan = await planOf(run, activity, both);
    instance(id).state = state;
    expect(await actBy(run, activity, plan, both)).toMatchObject({ changed: false });
    expect(effects(simulator)).toEqual([]);
  });

  it.each(changes)('is a conflict where one is gone: $name', async ({ activity }) => {
    const { run, simulator, instance } = await startWith(stateFor(activity));
    const plan = await planOf(run, activity, both);
    const id = idIn(plan);
    instance(id).state = activity === rebootEc2Instances ? 'stopped' : 'terminated';
    expect(await failureOf(actBy(run, activity, plan, both))).toMatchObject({
      type: 'Conflict',
      nonRetryable: true,
      message: expect.stringContaining(id),
      details: [{ effect: 'none' }],
    });
    expect(effects(simulator)).toEqual([]);
  });

  it('leaves those alone that were where they should be', async () => {
    const { run, simulator, instance } = await startWith('stopped');
    const plan = await planOf(run, stopEc2Instances, both);
    instance(search).state = 'running';
    await actBy(run, stopEc2Instances, plan, both);
    expect(effects(simulator)).toEqual([`instance stopped ${checkout}`]);
  });
});

describe('EC2, asked whether it would do it', () => {
  it.each(changes)('says yes, and does nothing: $name', async ({ activity }) => {
    const { run, simulator } = await startWith(stateFor(activity));
    expect(await dryRunOf(run, activity, both)).toEqual({ outcome: 'accepted', said: 'EC2 would do it' });
    expect(effects(simulator)).toEqual([]);
  });

  it('names the right that is missing, without the code that only AWS can read', async () => {
    const { run, simulator } = await startWith();
    simulator.world.denied.push('ec2:RebootInstances');
    expect(await dryRunOf(run, rebootEc2Instances, both)).toEqual({
      outcome: 'refused',
      said: 'EC2 would refuse it: ec2:RebootInstances is not allowed (You are not authorized to perform: ec2:RebootInstances)',
    });
  });

  it('is not heard where its answer says nothing of the change: it throws, and the worker says so', async () => {
    const { run, simulator } = await startWith();
    simulator.fail({ kind: 'status', status: 503, match: 'DryRun=true' });
    await expect(dryRunOf(run, rebootEc2Instances, both)).rejects.toMatchObject({
      type: 'ProviderUnavailable',
    });
  });
});
