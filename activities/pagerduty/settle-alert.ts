import { z } from 'zod';
import { type Attempt, actor, connectionName, defineActivity } from '../activity.ts';
import type { PagerDuty } from './client.ts';
import { failureFor, isSuccess } from './failures.ts';
import { dedupKey } from './input.ts';

const input = z.object({ connection: connectionName, actor, dedupKey });
const output = z.object({ changed: z.boolean() });

/** `changed` says that PagerDuty took the event: it queues it, and drops it silently when no such alert is open. */
async function settle(
  pagerduty: PagerDuty,
  action: 'acknowledge' | 'resolve',
  key: string,
  { signal }: Attempt,
): Promise<z.infer<typeof output>> {
  const answer = await pagerduty.enqueue('/v2/enqueue', { event_action: action, dedup_key: key }, signal);
  if (!isSuccess(answer)) throw failureFor(answer);
  return { changed: true };
}

/** Reaches only alerts that were raised through the same connection: PagerDuty looks up the key per routing key. */
export const acknowledgePagerDutyAlert = defineActivity({
  name: 'acknowledgePagerDutyAlert',
  kind: 'change',
  provider: 'pagerduty',
  summary: 'Acknowledges the open alert with this key',
  permissions: ['Events API v2 integration key'],
  targets: ({ dedupKey }) => [`pagerduty-alert:${dedupKey}`],
  input,
  output,
  async run({ connection, dedupKey }, { pagerduty, attempt }) {
    return settle(await pagerduty(connection), 'acknowledge', dedupKey, attempt);
  },
});

/** Reaches only alerts that were raised through the same connection: PagerDuty looks up the key per routing key. */
export const resolvePagerDutyAlert = defineActivity({
  name: 'resolvePagerDutyAlert',
  kind: 'change',
  provider: 'pagerduty',
  summary: 'Resolves the open alert with this key',
  permissions: ['Events API v2 integration key'],
  targets: ({ dedupKey }) => [`pagerduty-alert:${dedupKey}`],
  input,
  output,
  async run({ connection, dedupKey }, { pagerduty, attempt }) {
    return settle(await pagerduty(connection), 'resolve', dedupKey, attempt);
  },
});
