import { z } from 'zod';
import { defineActivity } from '../activity.ts';
import { invalidInput } from '../failures.ts';
import { instanceIds } from './input.ts';
import { describeInstances, findInstances, instanceSchema } from './instances.ts';
import { ec2At, place } from './region.ts';

/** A selection of none, or of more than `max`, is `InvalidInput`: a filter that selects too much is a mistake. */
export const listEc2Instances = defineActivity({
  name: 'listEc2Instances',
  kind: 'read',
  provider: 'ec2',
  summary: 'Lists instances by id, or by tags and filters',
  permissions: ['ec2:DescribeInstances'],
  input: z.object({
    ...place,
    instanceIds: instanceIds.optional(),
    tags: z.record(z.string(), z.string()).default({}),
    /** EC2's own filters, by name. */
    filters: z.record(z.string(), z.array(z.string()).min(1)).default({}),
    max: z.int().min(1).max(1_000).default(20),
  }),
  output: z.object({ instances: z.array(instanceSchema) }),
  example: { tags: { service: 'checkout' }, max: 5 },
  async run({ instanceIds: ids, tags, filters, max, ...at }, { ec2, attempt: { signal } }) {
    const client = await ec2At({ ec2 }, at);
    const selection = [
      ...Object.entries(tags).map(([name, value]) => ({ Name: `tag:${name}`, Values: [value] })),
      ...Object.entries(filters).map(([Name, Values]) => ({ Name, Values })),
    ];
    if (!ids && selection.length === 0) throw invalidInput('EC2', 'name instance ids, tags or filters');
    const instances = ids
      ? await describeInstances(client, ids, signal)
      : await findInstances(client, selection, signal);
    if (instances.length === 0) throw invalidInput('EC2', 'no instance is selected');
    if (instances.length > max)
      throw invalidInput('EC2', `${instances.length} instances are selected, at most ${max} may be`);
    return { instances };
  },
});
