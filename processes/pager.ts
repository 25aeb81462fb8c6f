import { type ActivityContext, type AnyActivity, carryOut } from '../activities/activity.ts';
import type { Pager } from '../server/stuck-pages.ts';

const attemptMilliseconds = 10_000;

/**
 * How a server pages people by itself, without a workflow: by the same activities, called here. They load with the first page, as a
 * server else needs none.
 */
export function directPager(
  loadActivities: () => Promise<readonly AnyActivity[]>,
  clients: Omit<ActivityContext, 'attempt'>,
): Pager {
  async function call(name: string, input: Record<string, unknown>): Promise<void> {
    const activity = (await loadActivities()).find((each) => each.name === name);
    if (!activity) throw new Error(`There is no activity ${name} to page with`);
    const signal = AbortSignal.timeout(attemptMilliseconds);
    const attempt = { key: String(input.dedupKey), number: 1, signal };
    await carryOut(activity, activity.input.parse(input), { ...clients, attempt });
  }
  return {
    raise: (alert) => call('raisePagerDutyAlert', { ...alert }),
    resolve: (dedupKey) => call('resolvePagerDutyAlert', { dedupKey }),
  };
}
