import { z } from 'zod';
import type { Plan } from '../../domain/plan.ts';
import { type Attempt, actor, connectionName, defineActivity } from '../activity.ts';
import type { PagerDuty } from './client.ts';
import { failureFor, isSuccess } from './failures.ts';
import { dedupKey } from './input.ts';

const input = z.object({ connection: connectionName, actor, dedupKey });
const output = z.object({ changed: z.boolean() });
const example = { dedupKey: 'baton/checkout-latency/shop/checkout' };

type Action = 'acknowledge' | 'resolve';

const inverseOf = {
  acknowledge: { none: 'PagerDuty takes no acknowledgement back' },
  resolve: { none: 'a resolved alert can only be raised anew, with all that it said' },
} as const;

/** The Events API tells nothing of an alert, so there is nothing to look at. */
const planTo = (action: Action, key: string): Plan<z.infer<typeof output>, object> => ({
  summary: `${action === 'resolve' ? 'Resolves' : 'Acknowledges'} the open alert ${key}`,
  calls: [`POST /v2/enqueue event_action=${action} dedup_key=${key}`],
  values: {},
  inverse: inverseOf[action],
  output: { changed: true },
});

/** `changed` says that PagerDuty took the event: it queues it, and drops it silently when no such alert is open. */
async function settle(
  pagerduty: PagerDuty,
  action: Action,
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
  example,
  inverse: inverseOf.acknowledge,
  async look({ connection, dedupKey }, { pagerduty }) {
    await pagerduty(connection);
    return { plan: planTo('acknowledge', dedupKey) };
  },
  async act(_, { connection, dedupKey }, { pagerduty, attempt }) {
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
  example,
  inverse: inverseOf.resolve,
  async look({ connection, dedupKey }, { pagerduty }) {
    await pagerduty(connection);
    return { plan: planTo('resolve', dedupKey) };
  },
  async act(_, { connection, dedupKey }, { pagerduty, attempt }) {
    return settle(await pagerduty(connection), 'resolve', dedupKey, attempt);
  },
});
