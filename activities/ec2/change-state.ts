import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import type { Looked, Plan } from '../../domain/plan.ts';
import { actor, defineActivity } from '../activity.ts';
import { conflict, invalidInput } from '../failures.ts';
import { requireAllowed } from './allowed.ts';
import { type ChangeAction, callText } from './calls.ts';
import { dryRunOf } from './dry-run.ts';
import { instanceIds, targetsOf } from './input.ts';
import { describeInstances, type Ec2Instance } from './instances.ts';
import { makeCalls } from './make-calls.ts';
import { ec2At, place } from './region.ts';
import { requireTag } from './tag.ts';

const states = z.record(z.string(), z.string()).describe('State by instance id');
const output = z.object({ changed: z.boolean(), before: states, after: states });
type Output = z.output<typeof output>;
const input = z.object({ ...place, actor, instanceIds });
type Input = z.output<typeof input>;
/** Where an instance is on its way to a state, or in it. */
const stopped = ['stopping', 'stopped'];
const started = ['pending', 'running'];

const statesOf = (instances: readonly Ec2Instance[]) =>
  Object.fromEntries(instances.map(({ id, state }) => [id, state]));

const inTheWay = (instances: readonly Ec2Instance[]) =>
  conflict('EC2', instances.map(({ id, state }) => `${id} is ${state}`).join(', '));

/** What is done to the instances that are in none of the states `there`; the others stay out of the call. `will` is the state that EC2 tells first. */
function planned(
  { connection }: Input,
  instances: readonly Ec2Instance[],
  told: {
    there: readonly string[];
    will: string;
    verb: string;
    call: ChangeAction;
    parameters?: string[];
    back: string;
  },
): Looked<Output, object> {
  const gone = instances.filter(({ state }) => ['shutting-down', 'terminated'].includes(state));
  if (gone.length > 0) throw inTheWay(gone);
  const before = statesOf(instances);
  const ids = instances.filter(({ state }) => !told.there.includes(state)).map(({ id }) => id);
  if (ids.length === 0) return { done: { changed: false, before, after: before } };
  const after = { ...before, ...Object.fromEntries(ids.map((id) => [id, told.will])) };
  return {
    plan: {
      summary: `${told.verb} ${ids.join(', ')}`,
      calls: [callText(told.call, ids, ...(told.parameters ?? []))],
      values: {},
      before,
      after,
      inverse: { activity: told.back, input: { connection, instanceIds: ids } },
      output: { changed: true, before, after },
    },
  };
}

interface StateChange {
  InstanceId?: string | undefined;
  CurrentState?: { Name?: string | undefined } | undefined;
  PreviousState?: { Name?: string | undefined } | undefined;
}

/** EC2 answers with the states before and after of those that it was asked to change; a stopped one that is stopped stays so. */
function outcome({ output }: Plan<Output>, changes: readonly StateChange[]): Output {
  const pick = (of: (change: StateChange) => string | undefined) =>
    Object.fromEntries(changes.map((change) => [change.InstanceId ?? '', of(change) ?? 'unknown']));
  const before = pick(({ PreviousState }) => PreviousState?.Name);
  const after = pick(({ CurrentState }) => CurrentState?.Name);
  return {
    changed: Object.entries(after).some(([id, state]) => before[id] !== state),
    before: { ...output.before, ...before },
    after: { ...output.before, ...after },
  };
}

/** Where EC2 refuses for the state that the instances are in, they may have got where they should be, so they are read again. */
async function orThere(
  change: Promise<Output>,
  readAgain: () => Promise<Ec2Instance[]>,
  there: readonly string[],
): Promise<Output> {
  try {
    return await change;
  } catch (error) {
    if (!(error instanceof ApplicationFailure) || error.type !== 'Conflict') throw error;
    const now = await readAgain();
    const others = now.filter(({ state }) => !there.includes(state));
    if (others.length > 0) throw inTheWay(others);
    return { changed: false, before: statesOf(now), after: statesOf(now) };
  }
}

/** An instance store would be wiped, which no start brings back. Only a forced stop helps an instance that hangs in `stopping`. */
export const stopEc2Instances = defineActivity({
  name: 'stopEc2Instances',
  kind: 'destructive',
  provider: 'ec2',
  summary: 'Stops instances; a public IPv4 address changes with the next start',
  permissions: ['ec2:DescribeInstances', 'ec2:StopInstances'],
  targets: targetsOf,
  input: input.extend({ force: z.boolean().default(false) }),
  output,
  example: { instanceIds: ['i-0abc12345def67890'] },
  inverse: { activity: 'startEc2Instances' },
  async look(input, context) {
    const { attempt } = context;
    const { signal } = attempt;
    const ec2 = await ec2At(context, input);
    const instances = await describeInstances(ec2, input.instanceIds, signal);
    requireAllowed(instances, attempt);
    requireTag(ec2, instances);
    const stored = instances.filter(({ rootDevice }) => rootDevice === 'instance-store');
    if (stored.length > 0)
      throw invalidInput(
        'EC2',
        `on an instance store, which a stop wipes: ${stored.map(({ id }) => id).join(', ')}`,
      );
    return planned(input, instances, {
      there: input.force ? ['stopped'] : stopped,
      will: 'stopping',
      verb: input.force ? 'Stops by force' : 'Stops',
      call: 'ec2:StopInstances',
      parameters: input.force ? ['Force=true'] : [],
      back: 'startEc2Instances',
    });
  },
  dryRun: dryRunOf,
  async act(plan, input, context) {
    const { instanceIds, force } = input;
    const { signal } = context.attempt;
    const ec2 = await ec2At(context, input);
    const stop = makeCalls(ec2, signal, (client, InstanceIds) => {
      const asked = { InstanceIds, ...(force ? { Force: true } : {}) };
      return client.send(new ec2.sdk.StopInstancesCommand(asked), { abortSignal: signal });
    });
    const told = (answers: Awaited<typeof stop>) =>
      outcome(
        plan,
        answers.flatMap(({ StoppingInstances }) => StoppingInstances ?? []),
      );
    return orThere(stop.then(told), () => describeInstances(ec2, instanceIds, signal), stopped);
  },
});

export const startEc2Instances = defineActivity({
  name: 'startEc2Instances',
  kind: 'change',
  provider: 'ec2',
  summary: 'Starts stopped instances',
  permissions: ['ec2:DescribeInstances', 'ec2:StartInstances'],
  targets: targetsOf,
  input,
  output,
  example: { instanceIds: ['i-0abc12345def67890'] },
  inverse: { activity: 'stopEc2Instances' },
  async look(input, context) {
    const { attempt } = context;
    const { signal } = attempt;
    const ec2 = await ec2At(context, input);
    const instances = await describeInstances(ec2, input.instanceIds, signal);
    requireAllowed(instances, attempt);
    requireTag(ec2, instances);
    return planned(input, instances, {
      there: started,
      will: 'pending',
      verb: 'Starts',
      call: 'ec2:StartInstances',
      back: 'stopEc2Instances',
    });
  },
  dryRun: dryRunOf,
  async act(plan, input, context) {
    const { instanceIds } = input;
    const { signal } = context.attempt;
    const ec2 = await ec2At(context, input);
    const start = makeCalls(ec2, signal, (client, InstanceIds) =>
      client.send(new ec2.sdk.StartInstancesCommand({ InstanceIds }), { abortSignal: signal }),
    );
    const told = (answers: Awaited<typeof start>) =>
      outcome(
        plan,
        answers.flatMap(({ StartingInstances }) => StartingInstances ?? []),
      );
    return orThere(start.then(told), () => describeInstances(ec2, instanceIds, signal), started);
  },
});
