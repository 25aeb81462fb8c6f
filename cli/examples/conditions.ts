import type { Event, KnownEventType } from '../../domain/event.ts';
import { conditionEvent } from '../../domain/watched.ts';

/** What the watchdog tells of, of one thing each. */
const troubles = {
  worker: {
    key: 'baton/worker/NoWorker/all',
    summary: 'No worker takes the workflow and activity tasks of baton',
    class: 'NoWorker',
    group: 'workers',
  },
  schedule: {
    key: 'baton/schedule/Missed/shift-handoff',
    summary: 'The schedule shift-handoff was due and has made no event',
    class: 'Missed',
    group: 'shift-handoff',
  },
  heartbeat: {
    key: 'baton/heartbeat/Silent/backup',
    summary: 'Nothing has come from backup, which is expected every 86400 s',
    class: 'Silent',
    group: 'backup',
  },
};

/** The event that something of this kind begins, or is over. */
export function conditionExample(
  type: `${keyof typeof troubles}.${'unhealthy' | 'healthy' | 'missed' | 'kept' | 'back'}` & KnownEventType,
  at: Date,
): { event: Event } {
  const component = type.split('.')[0] as keyof typeof troubles;
  const trouble = { ...troubles[component], component, severity: 'error' as const, details: {} };
  const time = at.toISOString();
  return { event: conditionEvent(type, { trouble, since: time }, time).event };
}
