import { z } from 'zod';
import { defineActivity } from '../activity.ts';
import { instanceIds } from './input.ts';
import { describeStatuses, statusSchema } from './instances.ts';
import { ec2At, place } from './region.ts';

export const listEc2InstanceStatuses = defineActivity({
  name: 'listEc2InstanceStatuses',
  kind: 'read',
  provider: 'ec2',
  summary: 'Lists the status checks of instances, stopped ones included',
  permissions: ['ec2:DescribeInstanceStatus'],
  input: z.object({ ...place, instanceIds }),
  output: z.object({ statuses: z.array(statusSchema) }),
  example: { instanceIds: ['i-0abc12345def67890'] },
  async run({ instanceIds: ids, ...at }, { ec2, attempt: { signal } }) {
    return { statuses: await describeStatuses(await ec2At({ ec2 }, at), ids, signal) };
  },
});
