import { z } from 'zod';
import { type ActivityContext, type AnyActivity, carryOut } from '../activities/activity.ts';
import type { Pager } from '../server/watchdog/pager.ts';
import type { Subscriptions } from '../server/watchdog/subscriptions.ts';

const attemptMilliseconds = 10_000;
/** PagerDuty is given half a minute to show an alert. */
const lookMilliseconds = 60_000;

const seen = z.object({ confirmed: z.boolean(), readable: z.boolean(), reason: z.string() });
const listed = z.object({
  subscriptions: z.array(
    z.object({ id: z.string(), url: z.string(), active: z.boolean(), disabled: z.boolean() }),
  ),
});

/**
 * What a server does at PagerDuty by itself, without a workflow: by the same activities, called here. They load with the first call, as a
 * server else needs none.
 */
function directCalls(
  loadActivities: () => Promise<readonly AnyActivity[]>,
  clients: Omit<ActivityContext, 'attempt'>,
) {
  return async (
    name: string,
    input: Record<string, unknown>,
    stopping: AbortSignal,
    milliseconds = attemptMilliseconds,
  ): Promise<unknown> => {
    const activity = (await loadActivities()).find((each) => each.name === name);
    if (!activity) throw new Error(`There is no activity ${name} to call`);
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(milliseconds)]);
    const attempt = { key: `${name}/${input.dedupKey ?? input.subscriptionId ?? ''}`, number: 1, signal };
    const use = { run: 'none', by: 'baton' };
    return carryOut(activity, activity.input.parse(input), { ...clients, attempt }, use);
  };
}

/** How a server pages people. */
export function directPager(...how: Parameters<typeof directCalls>): Pager {
  const call = directCalls(...how);
  return {
    raise: async (alert, signal) => void (await call('raisePagerDutyAlert', { ...alert }, signal)),
    resolve: async (dedupKey, signal) => void (await call('resolvePagerDutyAlert', { dedupKey }, signal)),
    look: async (wanted, signal) =>
      seen.parse(await call('awaitPagerDutyAlert', wanted, signal, lookMilliseconds)),
  };
}

/** How a server looks after the webhook subscriptions. */
export function directSubscriptions(...how: Parameters<typeof directCalls>): Subscriptions {
  const call = directCalls(...how);
  return {
    list: async (connection, signal) =>
      listed.parse(await call('listPagerDutyWebhookSubscriptions', { connection }, signal)).subscriptions,
    enable: async (connection, subscriptionId, signal) =>
      void (await call('enablePagerDutyWebhookSubscription', { connection, subscriptionId }, signal)),
  };
}
