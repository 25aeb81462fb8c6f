import { nearestOf } from '../domain/nearest.ts';
import type { Trigger } from '../triggers/trigger.ts';
import type { Wiring } from './wiring.ts';

/**
 * Loads the triggers, and throws where one hears of the steps of an activity that there is none of: it would never be asked. Activities are
 * loaded only for those that name some.
 */
export async function checkedTriggers({
  loadTriggers,
  loadActivities,
}: Pick<Wiring, 'loadTriggers' | 'loadActivities'>): Promise<readonly Trigger[]> {
  const triggers = await loadTriggers();
  if (!triggers.some(({ steps }) => steps?.activities)) return triggers;
  const names = (await loadActivities()).map(({ name }) => name);
  for (const { name, steps } of triggers) {
    const unknown = steps?.activities?.find((each) => !names.includes(each));
    if (unknown === undefined) continue;
    const near = nearestOf(unknown, names);
    throw new Error(
      `The trigger ${name} selects steps of an activity that there is none of, ${unknown}. ${
        near === undefined ? 'See docs/activities.md.' : `Did you mean ${near}?`
      }`,
    );
  }
  return triggers;
}
