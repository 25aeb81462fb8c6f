import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { instanceIds } from './input.ts';
import { describeStatuses, statusSchema } from './instances.ts';

export const listEc2InstanceStatuses = defineActivity({
  name: 'listEc2InstanceStatuses',
  kind: 'read',
  provider: 'ec2',
  summary: 'Lists the status checks of instances, stopped ones included',
  permissions: ['ec2:DescribeInstanceStatus'],
  input: z.object({ connection: connectionName, instanceIds }),
  output: z.object({ statuses: z.array(statusSchema) }),
  example: { instanceIds: ['i-0abc12345def67890'] },
  async run({ connection, instanceIds: ids }, { ec2, attempt: { signal } }) {
    return { statuses: await describeStatuses(await ec2(connection), ids, signal) };
  },
});
