/** What the newest incidents say about how long people waited. Of what was not told there is no number. */

export interface ToldEvent {
  type: string;
  subject?: string;
  time: string;
}

export interface Waited {
  incident: string;
  acknowledgedMs?: number;
  resolvedMs?: number;
  isAutomated: boolean;
}

/** How long each incident, whose beginning is among the events, has waited to be acknowledged and resolved. */
export function waitedOf(events: readonly ToldEvent[], automated: ReadonlySet<string>): Waited[] {
  const times = new Map<string, { triggered?: number; acknowledged?: number; resolved?: number }>();
  for (const { type, subject, time } of events) {
    const verb = /^pagerduty\.incident\.(triggered|acknowledged|resolved)$/.exec(type)?.[1] as
      | 'triggered'
      | 'acknowledged'
      | 'resolved'
      | undefined;
    if (!verb || subject === undefined) continue;
    const known = times.get(subject) ?? {};
    const at = Date.parse(time);
    const before = known[verb];
    // The first acknowledgement, and the last resolve.
    known[verb] =
      before === undefined ? at : verb === 'resolved' ? Math.max(before, at) : Math.min(before, at);
    times.set(subject, known);
  }
  return [...times].flatMap(([incident, { triggered, acknowledged, resolved }]) =>
    triggered === undefined
      ? []
      : [
          {
            incident,
            ...(acknowledged === undefined || acknowledged < triggered
              ? {}
              : { acknowledgedMs: acknowledged - triggered }),
            ...(resolved === undefined || resolved < triggered ? {} : { resolvedMs: resolved - triggered }),
            isAutomated: automated.has(incident),
          },
        ],
  );
}

/** The mean, and of how many. Undefined where there is none: that is not 0. */
export function meanOf(values: readonly (number | undefined)[]): { mean: number; count: number } | undefined {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return undefined;
  return { mean: known.reduce((one, other) => one + other, 0) / known.length, count: known.length };
}

/** How often each name comes, the most frequent first. */
export function mostFrequent(names: readonly string[], most = 8): { name: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .sort((one, other) => other.count - one.count || one.name.localeCompare(other.name))
    .slice(0, most);
}
