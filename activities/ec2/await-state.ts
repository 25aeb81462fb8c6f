import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { defineActivity } from '../activity.ts';
import { instanceIds } from './input.ts';
import { describeInstances } from './instances.ts';
import { ec2At, place } from './region.ts';

const pollSeconds = 15;

/** A timeout is an answer: the instances that are not there are in `others`, with the state they are in. */
export const awaitEc2InstancesState = defineActivity({
  name: 'awaitEc2InstancesState',
  kind: 'read',
  provider: 'ec2',
  summary: 'Waits until instances are in a state',
  permissions: ['ec2:DescribeInstances'],
  input: z.object({
    ...place,
    instanceIds,
    state: z.enum(['running', 'stopped', 'terminated']),
    timeoutSeconds: z.number().positive().max(3_600).default(600),
  }),
  output: z.object({ reached: z.boolean(), others: z.record(z.string(), z.string()) }),
  example: { instanceIds: ['i-0abc12345def67890'], state: 'stopped' },
  async run({ instanceIds: ids, state, timeoutSeconds, ...at }, { ec2, attempt: { signal, looksOnce } }) {
    const client = await ec2At({ ec2 }, at);
    const end = Date.now() + (timeoutSeconds * 1000) / client.timeScale;
    for (;;) {
      const instances = await describeInstances(client, ids, signal);
      const others = instances.filter((instance) => instance.state !== state);
      if (others.length === 0) return { reached: true, others: {} };
      if (looksOnce || Date.now() >= end)
        return { reached: false, others: Object.fromEntries(others.map((other) => [other.id, other.state])) };
      await pause((pollSeconds * 1000) / client.timeScale, undefined, { signal });
    }
  },
});
