import { cronOf, lastDue } from '../../domain/cron.ts';
import type { Trouble } from '../../domain/watched.ts';
import type { KeptSchedule } from '../../store/events/schedules.ts';
import type { Store } from '../../store/store.ts';
import { secondsOf, type Trigger } from '../../triggers/trigger.ts';
import { keyOf } from '../../workflows/kit/key.ts';
import { declaredSchedules } from '../rounds/schedules.ts';
import type { TemporalState } from '../temporal/temporal-state.ts';
import type { Condition } from './condition.ts';
import type { Limits } from './limits.ts';

interface Options {
  store: Pick<Store, 'keepSchedules'>;
  triggers: readonly Trigger[];
  temporal: Pick<TemporalState, 'up'>;
  limits: Limits;
  now?: () => number;
}

/**
 * Schedules that should have made an event by now and have not, whatever the reason: nobody works, or Temporal's schedule is paused, deleted,
 * or was not reached in time. The next event takes it back. While Temporal is away none is made, and that is told by itself.
 */
export function scheduleMissed({ store, triggers, temporal, limits, now = Date.now }: Options): Condition {
  const declared = [...declaredSchedules(triggers)].map(([name, { cron, timeZone = 'UTC' }]) => ({
    name,
    cron,
    timeZone,
  }));
  /** The shortest of the times that the triggers of a schedule give it. */
  const lateAfter = (name: string) =>
    Math.min(
      ...triggers.flatMap(({ on, schedule }) =>
        schedule && on.includes(`schedule.${name}`)
          ? [secondsOf(schedule.startWithin) ?? limits.scheduleLate]
          : [],
      ),
    );
  return {
    name: 'schedule.missed',
    // They had their time.
    heldFor: 0,
    events: { begins: 'schedule.missed', ends: 'schedule.kept' },
    async find() {
      if (!temporal.up) return undefined;
      const kept = await store.keepSchedules(declared);
      return kept.flatMap((schedule) => {
        const due = missedOf(schedule, now() - lateAfter(schedule.name) * 1_000);
        return due === undefined ? [] : [troubleOf(schedule, new Date(due).toISOString())];
      });
    },
  };
}

/** When it was due last, at this time or before it, where it has made no event since. */
function missedOf({ cron, timeZone, since, lastAt }: KeptSchedule, before: number): number | undefined {
  const read = cronOf(cron);
  const due = read && lastDue(read, timeZone, before);
  if (due === undefined || due < Date.parse(since)) return undefined;
  return lastAt !== undefined && Date.parse(lastAt) >= due ? undefined : due;
}

function troubleOf({ name, cron, timeZone, lastAt }: KeptSchedule, due: string): Trouble {
  const last = lastAt === undefined ? 'It has made none so far' : `The last one is of ${lastAt}`;
  return {
    key: keyOf('baton', 'schedule', 'Missed', name),
    summary: `The schedule ${name} (${cron}, ${timeZone}) was due at ${due} and has made no event. ${last}. Look at the schedule baton/${name} in Temporal, and at the workers`,
    severity: 'error',
    component: 'schedule',
    class: 'Missed',
    group: name,
    details: { schedule: name, cron, timeZone, due, ...(lastAt ? { lastAt } : {}) },
  };
}
