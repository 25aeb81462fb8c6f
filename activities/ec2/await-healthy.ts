import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { defineActivity } from '../activity.ts';
import { instanceIds } from './input.ts';
import { describeStatuses, type Ec2Status, isHealthy } from './instances.ts';
import { ec2At, place } from './region.ts';

const pollSeconds = 15;
/** After a reboot the old checks stay for a while. When none of them has changed by then, they are believed. */
const believedAfterSeconds = 180;

const failing = z.object({
  id: z.string(),
  check: z.enum(['state', 'system', 'instance', 'ebs']),
  status: z.string(),
});

function failingChecks(statuses: readonly Ec2Status[], ids: readonly string[]): z.output<typeof failing>[] {
  return ids.flatMap((id) => {
    const status = statuses.find((other) => other.id === id);
    if (!status) return [{ id, check: 'state' as const, status: 'not known' }];
    if (isHealthy(status)) return [];
    const checks = (['system', 'instance', 'ebs'] as const)
      .filter((check) => status[check] !== 'ok' && !(check === 'ebs' && status.ebs === 'not-applicable'))
      .map((check) => ({ id, check, status: status[check] as string }));
    return status.state === 'running'
      ? checks
      : [{ id, check: 'state' as const, status: status.state }, ...checks];
  });
}

/**
 * Waits until all checks of the instances have been good for `stableForSeconds`. Directly after a reboot EC2 still shows the
 * checks of before, so with `since` the counting starts once a check has left `ok`, or 180 s after it. A timeout is an
 * answer, with what failed at the end. The SDK's own waiters swallow errors, so this polls by itself, every 15 s.
 */
export const awaitEc2InstancesHealthy = defineActivity({
  name: 'awaitEc2InstancesHealthy',
  kind: 'read',
  provider: 'ec2',
  summary: 'Waits until the status checks of instances are good and stay so',
  permissions: ['ec2:DescribeInstanceStatus'],
  input: z.object({
    ...place,
    instanceIds,
    /** When the instances were rebooted. */
    since: z.iso.datetime().optional(),
    timeoutSeconds: z.number().positive().max(3_600).default(900),
    stableForSeconds: z.number().min(0).max(3_600).default(60),
  }),
  output: z.object({ healthy: z.boolean(), failing: z.array(failing) }),
  example: { instanceIds: ['i-0abc12345def67890'], timeoutSeconds: 600 },
  async run(
    { instanceIds: ids, since, timeoutSeconds, stableForSeconds, ...at },
    { ec2, attempt: { signal, looksOnce } },
  ) {
    const client = await ec2At({ ec2 }, at);
    const milliseconds = (seconds: number) => (seconds * 1000) / client.timeScale;
    const start = since === undefined ? undefined : Date.parse(since);
    const end = (start ?? Date.now()) + milliseconds(timeoutSeconds);
    let isNews = start === undefined;
    let healthySince: number | undefined;
    for (;;) {
      const wrong = failingChecks(await describeStatuses(client, ids, signal), ids);
      const now = Date.now();
      isNews ||= wrong.some(({ status }) => status === 'initializing' || status === 'insufficient-data');
      isNews ||= start !== undefined && now - start >= milliseconds(believedAfterSeconds);
      healthySince = isNews && wrong.length === 0 ? (healthySince ?? now) : undefined;
      if (healthySince !== undefined && now - healthySince >= milliseconds(stableForSeconds))
        return { healthy: true, failing: [] };
      if (looksOnce) return { healthy: wrong.length === 0, failing: wrong };
      if (now >= end) return { healthy: false, failing: wrong };
      await pause(milliseconds(pollSeconds), undefined, { signal });
    }
  },
});
