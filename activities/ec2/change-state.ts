import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { invalidInput } from '../failures.ts';
import { throwFailure } from './failures.ts';
import { instanceIds, targetsOf } from './input.ts';
import { describeInstances } from './instances.ts';

const states = z.record(z.string(), z.string()).describe('State by instance id');
const output = z.object({ changed: z.boolean(), before: states, after: states });
const input = z.object({ connection: connectionName, actor, instanceIds });

interface Change {
  InstanceId?: string | undefined;
  CurrentState?: { Name?: string | undefined } | undefined;
  PreviousState?: { Name?: string | undefined } | undefined;
}

/** EC2 answers with the states before and after; a stopped instance that is stopped stays so. */
function outcome(changes: readonly Change[] = []): z.output<typeof output> {
  const pick = (of: (change: Change) => string | undefined) =>
    Object.fromEntries(changes.map((change) => [change.InstanceId ?? '', of(change) ?? 'unknown']));
  const before = pick(({ PreviousState }) => PreviousState?.Name);
  const after = pick(({ CurrentState }) => CurrentState?.Name);
  return { changed: Object.entries(after).some(([id, state]) => before[id] !== state), before, after };
}

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
  async run({ connection, instanceIds: ids, force }, { ec2, attempt: { signal } }) {
    const { client, sdk, ...rest } = await ec2(connection);
    const instances = await describeInstances({ client, sdk, ...rest }, ids, signal);
    const stored = instances.filter(({ rootDevice }) => rootDevice === 'instance-store');
    if (stored.length > 0)
      throw invalidInput(
        'EC2',
        `on an instance store, which a stop wipes: ${stored.map(({ id }) => id).join(', ')}`,
      );
    const command = new sdk.StopInstancesCommand({ InstanceIds: ids, ...(force ? { Force: true } : {}) });
    const answer = await client.send(command, { abortSignal: signal }).catch(throwFailure);
    return outcome(answer.StoppingInstances);
  },
});

export const startEc2Instances = defineActivity({
  name: 'startEc2Instances',
  kind: 'change',
  provider: 'ec2',
  summary: 'Starts stopped instances',
  permissions: ['ec2:StartInstances'],
  targets: targetsOf,
  input,
  output,
  async run({ connection, instanceIds: InstanceIds }, { ec2, attempt: { signal } }) {
    const { client, sdk } = await ec2(connection);
    const command = new sdk.StartInstancesCommand({ InstanceIds });
    const answer = await client.send(command, { abortSignal: signal }).catch(throwFailure);
    return outcome(answer.StartingInstances);
  },
});
