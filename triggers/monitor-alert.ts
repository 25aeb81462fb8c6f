import type { Event, EventType } from '../domain/event.ts';
import { sourceOf } from '../domain/http-event.ts';
import { type Monitor, observationIn } from '../workflows/kit/monitor.ts';
import { threshold } from '../workflows/kit/threshold.ts';
import { mirrorAlert } from '../workflows/mirror-alert.ts';
import { monitors } from './policies/monitors.ts';
import { defineTrigger, type Trigger } from './trigger.ts';

const ofMonitors = [
  'http.monitor',
  'alertmanager.alert.firing',
  'alertmanager.alert.resolved',
  'grafana.alert.firing',
  'grafana.alert.resolved',
] as const;

/** Keeps what the sources of these monitors tell of as alerts. Of a source that no monitor names it keeps nothing. */
export const monitorAlertBy = (all: readonly Monitor[]): Trigger => {
  const own = all.flatMap(({ from }) => ('source' in from ? [`http.${from.source}` as const] : []));
  return defineTrigger({
    name: 'monitor-alert',
    on: [...new Set<EventType>([...ofMonitors, ...own])],
    when: {
      'is of a source that a monitor names (triggers/policies/monitors.ts)': (_, event) =>
        monitorOf(event, all) !== undefined,
      'says which condition it is about': (_, { subject }) => subject !== undefined,
      // What is normal, and was so before, is told to the live run alone, where there is one.
      'says that it is not normal, or normal again': (_, event) => {
        const monitor = monitorOf(event, all);
        return monitor !== undefined && isNews(event, monitor);
      },
    },
    run: mirrorAlert,
    input: (data, event) => ({
      // The conditions have looked that there is one.
      monitor: monitorOf(event, all) as Monitor,
      condition: conditionOf(event),
      event: { type: event.type, data },
    }),
    target: (_, event) => `${monitorOf(event, all)?.name}/${conditionOf(event)}`,
    forPeople: true,
  });
};

/** What it is about, within its source. */
const conditionOf = ({ source, subject = '' }: Event) => subject.replace(`http/${sourceOf(source)}/`, '');

const monitorOf = ({ source }: Event, all: readonly Monitor[]) =>
  all.find(({ from }) => 'source' in from && from.source === sourceOf(source));

function isNews({ type, data }: Event, { limits }: Monitor): boolean {
  const found = observationIn(type, data);
  if (found?.level !== undefined) return true;
  if (found?.value === undefined || !limits) return false;
  const { for: _, ...atOnce } = limits;
  return threshold(found.value, atOnce).level !== 'normal';
}

/** Reads the conditions of these monitors that nobody tells of, one trigger each. The schedule begins a run where none reads already. */
export const readMonitors = (all: readonly Monitor[]): Trigger[] =>
  all.flatMap((monitor) => {
    if ('source' in monitor.from) return [];
    const type = `schedule.monitor-${monitor.name}` as const;
    return [
      defineTrigger({
        name: `monitor-${monitor.name}`,
        on: type,
        // A run reads for most of an hour: see workflows/mirror-alert.ts.
        schedule: { cron: '*/5 * * * *' },
        when: 'always',
        run: mirrorAlert,
        input: () => ({ monitor, condition: '' }),
        target: () => monitor.name,
        forPeople: true,
      }),
    ];
  });

export const monitorAlert = monitorAlertBy(monitors);
export const monitorReaders = readMonitors(monitors);
