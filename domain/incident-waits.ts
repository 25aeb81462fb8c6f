/** How long incidents waited, with and without automation: MTTA and MTTR, from events alone. */
import type { Event } from './event.ts';
import { medianOf } from './look.ts';

/** Half of them took no longer than the median. The mean is what PagerDuty's own reports tell. */
export interface Wait {
  count: number;
  medianSeconds?: number;
  meanSeconds?: number;
}

export interface Waits {
  incidents: number;
  acknowledged: Wait;
  resolved: Wait;
}

interface Times {
  began: number;
  acknowledged?: number;
  resolved?: number;
  automated: boolean;
}

/**
 * The events come oldest first. `automation` holds the names of the users by which automation acts: an incident had automation if one of them
 * acknowledged or resolved it. PagerDuty does not tell such users from people.
 */
export function waitsIn(
  events: readonly Event[],
  automation: ReadonlySet<string>,
): { all: Waits; withAutomation: Waits; withoutAutomation: Waits } {
  const found = new Map<string, Times>();
  for (const { type, time, subject = '', agent } of events) {
    const at = Date.parse(time);
    if (type === 'pagerduty.incident.triggered') found.set(subject, { began: at, automated: false });
    const times = found.get(subject);
    if (!times) continue;
    if (type === 'pagerduty.incident.reopened') delete times.resolved;
    if (type === 'pagerduty.incident.acknowledged') times.acknowledged ??= at;
    else if (type === 'pagerduty.incident.resolved') times.resolved = at;
    else continue;
    if (agent && automation.has(agent.name)) times.automated = true;
  }
  const all = [...found.values()];
  return {
    all: waitsOf(all),
    withAutomation: waitsOf(all.filter(({ automated }) => automated)),
    withoutAutomation: waitsOf(all.filter(({ automated }) => !automated)),
  };
}

const waitsOf = (all: readonly Times[]): Waits => ({
  incidents: all.length,
  acknowledged: waitOf(all.map(({ began, acknowledged }) => [began, acknowledged])),
  resolved: waitOf(all.map(({ began, resolved }) => [began, resolved])),
});

/** Of those whose end is known. */
function waitOf(spans: readonly (readonly [number, number | undefined])[]): Wait {
  const seconds = spans.flatMap(([from, to]) => (to === undefined ? [] : [Math.max(0, to - from) / 1_000]));
  if (seconds.length === 0) return { count: 0 };
  const mean = seconds.reduce((sum, each) => sum + each, 0) / seconds.length;
  return { count: seconds.length, medianSeconds: tenths(medianOf(seconds)), meanSeconds: tenths(mean) };
}

const tenths = (seconds: number) => Math.round(seconds * 10) / 10;
