import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { failureFor, isSuccess, readSuccess } from './failures.ts';
import { pagerDutyId } from './input.ts';
import { subscription } from './subscription.ts';

const inverse = { none: 'PagerDuty alone disables a subscription in this way' } as const;
const answered = z.object({ webhook_subscription: subscription });

/**
 * Ends the day for which PagerDuty has disabled a subscription. One that somebody has switched off stays so: that was meant.
 * https://developer.pagerduty.com/api-reference/: Enable a webhook subscription
 */
export const enablePagerDutyWebhookSubscription = defineActivity({
  name: 'enablePagerDutyWebhookSubscription',
  kind: 'change',
  provider: 'pagerduty',
  summary: 'Enables a webhook subscription that PagerDuty has disabled for a day',
  permissions: ['webhook_subscriptions.read', 'webhook_subscriptions.write'],
  targets: ({ subscriptionId }) => [`pagerduty-webhook:${subscriptionId}`],
  input: z.object({ connection: connectionName, actor, subscriptionId: pagerDutyId }),
  output: z.object({ changed: z.boolean() }),
  example: { subscriptionId: 'PWEBHOO' },
  inverse,
  async look({ connection, subscriptionId }, { pagerduty, attempt: { signal } }) {
    const client = await pagerduty(connection);
    const path = `/webhook_subscriptions/${subscriptionId}`;
    const { webhook_subscription: now } = readSuccess(await client.get(path, {}, signal), answered);
    if (!now.disabled) return { done: { changed: false } };
    return {
      plan: {
        summary: `Enables the webhook subscription ${subscriptionId} to ${now.url}`,
        calls: [`POST ${path}/enable`],
        values: {},
        before: { disabled: true },
        after: { disabled: false },
        inverse,
        output: { changed: true },
      },
    };
  },
  async act(_, { connection, subscriptionId }, { pagerduty, attempt: { signal } }) {
    const client = await pagerduty(connection);
    const answer = await client.postUnsigned(`/webhook_subscriptions/${subscriptionId}/enable`, signal);
    if (!isSuccess(answer)) throw failureFor(answer);
    return { changed: true };
  },
});
