import { z } from 'zod';
import { actor, defineActivity } from '../activity.ts';
import { conflict, invalidInput } from '../failures.ts';
import { requireAllowed } from './allowed.ts';
import { callText } from './calls.ts';
import { dryRunOf } from './dry-run.ts';
import { instanceIds, targetsOf } from './input.ts';
import { describeInstances, describeStatuses, type Ec2Status, isHealthy } from './instances.ts';
import { makeCalls } from './make-calls.ts';
import { ec2At, place } from './region.ts';
import { requireTag } from './tag.ts';

const inverse = { none: 'a reboot cannot be taken back' } as const;

/**
 * EC2 only queues a reboot and has no key for it. The worker records the intent first; where an earlier attempt may have
 * rebooted, this one looks: an instance whose checks run anew was rebooted, and where nothing shows it is a `Conflict` for
 * a person. It is never rebooted a second time unseen. Directly before it acts it reads the tag and the checks again: what is
 * not allowed is refused, and an instance whose checks are good by then is left alone.
 */
export const rebootEc2Instances = defineActivity({
  name: 'rebootEc2Instances',
  kind: 'destructive',
  provider: 'ec2',
  summary: 'Reboots instances',
  permissions: ['ec2:DescribeInstances', 'ec2:DescribeInstanceStatus', 'ec2:RebootInstances'],
  targets: targetsOf,
  input: z.object({ ...place, actor, instanceIds }),
  output: z.object({
    changed: z.boolean(),
    requestedAt: z.string(),
    /** True: an earlier attempt of unknown outcome was found to have done it. */
    adopted: z.boolean(),
    /** The instances that were rebooted: those whose checks were not good. */
    rebooted: z.array(z.string()),
  }),
  example: { instanceIds: ['i-0abc12345def67890'] },
  inverse,
  async look({ instanceIds: ids, ...at }, { ec2, attempt }) {
    const { signal, uncertainSince } = attempt;
    const client = await ec2At({ ec2 }, at);
    if (uncertainSince !== undefined) {
      const statuses = await describeStatuses(client, ids, signal);
      const isBooting = ids.every(
        (id) => statuses.find((status) => status.id === id)?.instance === 'initializing',
      );
      if (isBooting)
        return { done: { changed: true, requestedAt: uncertainSince, adopted: true, rebooted: ids } };
      throw conflict(
        'EC2',
        `a reboot requested at ${uncertainSince} may or may not have been made; look before another`,
      );
    }
    const [instances, statuses] = await Promise.all([
      describeInstances(client, ids, signal),
      describeStatuses(client, ids, signal),
    ]);
    requireAllowed(instances, attempt);
    requireTag(client, instances);
    const gone = instances.filter(({ state }) => state !== 'running');
    if (gone.length > 0)
      throw invalidInput(
        'EC2',
        `not running: ${gone.map(({ id, state }) => `${id} is ${state}`).join(', ')}`,
      );
    const booting = statuses.filter(({ instance }) => instance === 'initializing');
    if (booting.length > 0)
      throw conflict('EC2', `the checks of ${booting.map(({ id }) => id).join(', ')} run anew: it boots now`);
    const unwell = ids
      .map((id) => ({ id, checks: statuses.find((status) => status.id === id) }))
      .filter(({ checks }) => !checks || !isHealthy(checks));
    const rebooted = unwell.map(({ id }) => id);
    const output = { requestedAt: new Date().toISOString(), adopted: false, rebooted };
    if (rebooted.length === 0) return { done: { changed: false, ...output } };
    return {
      plan: {
        summary: `Reboots ${rebooted.join(', ')}`,
        calls: [callText('ec2:RebootInstances', rebooted)],
        values: {},
        before: Object.fromEntries(unwell.map(({ id, checks }) => [id, shown(checks)])),
        inverse,
        output: { changed: true, ...output },
      },
    };
  },
  dryRun: dryRunOf,
  async act({ output }, input, { ec2, attempt: { signal } }) {
    const region = await ec2At({ ec2 }, input);
    const requestedAt = new Date().toISOString();
    await makeCalls(region, signal, (client, InstanceIds) =>
      client.send(new region.sdk.RebootInstancesCommand({ InstanceIds }), { abortSignal: signal }),
    );
    return { ...output, requestedAt };
  },
});

const shown = (status: Ec2Status | undefined) =>
  status ? { system: status.system, instance: status.instance, ebs: status.ebs } : {};
