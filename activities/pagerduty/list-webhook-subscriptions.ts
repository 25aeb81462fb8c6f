import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { membersOf } from '../lenient.ts';
import { readPages } from './pages.ts';
import { shownSubscription, subscription } from './subscription.ts';

const page = z
  .object({ webhook_subscriptions: membersOf(subscription) })
  .transform(({ webhook_subscriptions: all }) => all);

/** https://developer.pagerduty.com/api-reference/: List webhook subscriptions */
export const listPagerDutyWebhookSubscriptions = defineActivity({
  name: 'listPagerDutyWebhookSubscriptions',
  kind: 'read',
  provider: 'pagerduty',
  summary: 'Lists where the account sends its webhooks',
  permissions: ['webhook_subscriptions.read'],
  input: z.object({ connection: connectionName }),
  output: z.object({ subscriptions: z.array(shownSubscription) }),
  example: {},
  async run({ connection }, { pagerduty, attempt: { signal } }) {
    const client = await pagerduty(connection);
    const { items } = await readPages(client, '/webhook_subscriptions', {}, page, signal);
    return { subscriptions: items };
  },
});
