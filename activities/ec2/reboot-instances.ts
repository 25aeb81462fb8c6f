import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { conflict, invalidInput } from '../failures.ts';
import { throwFailure } from './failures.ts';
import { instanceIds, targetsOf } from './input.ts';
import { describeInstances, describeStatuses } from './instances.ts';

/**
 * EC2 only queues a reboot and has no key for it. The worker records the intent first; where an earlier attempt may have
 * rebooted, this one looks: an instance whose checks run anew was rebooted, and where nothing shows it is a `Conflict` for
 * a person. It is never rebooted a second time unseen.
 */
export const rebootEc2Instances = defineActivity({
  name: 'rebootEc2Instances',
  kind: 'destructive',
  provider: 'ec2',
  summary: 'Reboots instances',
  permissions: ['ec2:DescribeInstances', 'ec2:DescribeInstanceStatus', 'ec2:RebootInstances'],
  targets: targetsOf,
  input: z.object({ connection: connectionName, actor, instanceIds }),
  output: z.object({
    changed: z.boolean(),
    requestedAt: z.string(),
    /** True: an earlier attempt of unknown outcome was found to have done it. */
    adopted: z.boolean(),
  }),
  async run({ connection, instanceIds: ids }, { ec2, attempt }) {
    const client = await ec2(connection);
    const { signal, uncertainSince } = attempt;
    if (uncertainSince !== undefined) {
      const statuses = await describeStatuses(client, ids, signal);
      const isBooting = ids.every(
        (id) => statuses.find((status) => status.id === id)?.instance === 'initializing',
      );
      if (isBooting) return { changed: true, requestedAt: uncertainSince, adopted: true };
      throw conflict(
        'EC2',
        `a reboot requested at ${uncertainSince} may or may not have been made; look before another`,
      );
    }
    const gone = (await describeInstances(client, ids, signal)).filter(({ state }) => state !== 'running');
    if (gone.length > 0)
      throw invalidInput(
        'EC2',
        `not running: ${gone.map(({ id, state }) => `${id} is ${state}`).join(', ')}`,
      );
    const requestedAt = new Date().toISOString();
    const command = new client.sdk.RebootInstancesCommand({ InstanceIds: ids });
    await client.client.send(command, { abortSignal: signal }).catch(throwFailure);
    return { changed: true, requestedAt, adopted: false };
  },
});
