import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { conflict, invalidInput } from '../failures.ts';
import { requireAllowed } from './allowed.ts';
import type { Ec2 } from './client.ts';
import { throwFailure } from './failures.ts';
import { instanceIds, targetsOf } from './input.ts';
import { describeInstances } from './instances.ts';

const states = z.record(z.string(), z.string()).describe('State by instance id');
const output = z.object({ changed: z.boolean(), before: states, after: states });
type Output = z.output<typeof output>;
const input = z.object({ connection: connectionName, actor, instanceIds });

interface Change {
  InstanceId?: string | undefined;
  CurrentState?: { Name?: string | undefined } | undefined;
  PreviousState?: { Name?: string | undefined } | undefined;
}

/** EC2 answers with the states before and after; a stopped instance that is stopped stays so. */
function outcome(changes: readonly Change[] = []): Output {
  const pick = (of: (change: Change) => string | undefined) =>
    Object.fromEntries(changes.map((change) => [change.InstanceId ?? '', of(change) ?? 'unknown']));
  const before = pick(({ PreviousState }) => PreviousState?.Name);
  const after = pick(({ CurrentState }) => CurrentState?.Name);
  return { changed: Object.entries(after).some(([id, state]) => before[id] !== state), before, after };
}

/** EC2 refuses for the state that the instances were in: they may have got where they should be, so they are read again. */
async function readAgain(
  ec2: Ec2,
  ids: string[],
  wanted: readonly string[],
  signal: AbortSignal,
): Promise<Output> {
  const now = await describeInstances(ec2, ids, signal);
  const others = now.filter(({ state }) => !wanted.includes(state));
  if (others.length > 0) throw conflict('EC2', others.map(({ id, state }) => `${id} is ${state}`).join(', '));
  const states = Object.fromEntries(now.map(({ id, state }) => [id, state]));
  return { changed: false, before: states, after: states };
}

const isConflict = (error: unknown) => error instanceof ApplicationFailure && error.type === 'Conflict';

/** An instance store would be wiped, which no start brings back. */
export const stopEc2Instances = defineActivity({
  name: 'stopEc2Instances',
  kind: 'destructive',
  provider: 'ec2',
  summary: 'Stops instances; a public IPv4 address changes with the next start',
  permissions: ['ec2:DescribeInstances', 'ec2:StopInstances'],
  targets: targetsOf,
  input: input.extend({ force: z.boolean().default(false) }),
  output,
  async run({ connection, instanceIds: ids, force }, { ec2: connect, attempt: { signal } }) {
    const ec2 = await connect(connection);
    const instances = await describeInstances(ec2, ids, signal);
    requireAllowed(instances);
    const stored = instances.filter(({ rootDevice }) => rootDevice === 'instance-store');
    if (stored.length > 0)
      throw invalidInput(
        'EC2',
        `on an instance store, which a stop wipes: ${stored.map(({ id }) => id).join(', ')}`,
      );
    const command = new ec2.sdk.StopInstancesCommand({ InstanceIds: ids, ...(force ? { Force: true } : {}) });
    try {
      const answer = await ec2.client.send(command, { abortSignal: signal }).catch(throwFailure);
      return outcome(answer.StoppingInstances);
    } catch (error) {
      if (!isConflict(error)) throw error;
      return readAgain(ec2, ids, ['stopping', 'stopped'], signal);
    }
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
  async run({ connection, instanceIds: ids }, { ec2: connect, attempt: { signal } }) {
    const ec2 = await connect(connection);
    requireAllowed(await describeInstances(ec2, ids, signal));
    const command = new ec2.sdk.StartInstancesCommand({ InstanceIds: ids });
    try {
      const answer = await ec2.client.send(command, { abortSignal: signal }).catch(throwFailure);
      return outcome(answer.StartingInstances);
    } catch (error) {
      if (!isConflict(error)) throw error;
      return readAgain(ec2, ids, ['pending', 'running'], signal);
    }
  },
});
