/** The arithmetic of `baton look`: what repeats, and what people do about it. */
import { looksLikeDrill } from './drill.ts';
import type { Event, IncidentEventType } from './event.ts';
import type { TriggerVerdict } from './verdict.ts';

/** An incident that is over, or nearly so, and when people did something about it. */
export interface PastIncident {
  id: string;
  number?: number;
  title: string;
  service: string;
  began: string;
  /** When somebody first did anything about it: acknowledged it, wrote a note, resolved it. */
  actedAt?: string;
  /** When a person first acknowledged it. */
  acknowledgedAt?: string;
  /** When it was resolved the last time, by whomever. */
  resolvedAt?: string;
}

/** So many, times their median in whole minutes: that anybody can calculate again. */
export interface Sum {
  count: number;
  medianMinutes: number;
  /** The product of the two. */
  totalMinutes: number;
}

/** Incidents of one service whose titles differ in numbers and ids only. */
export interface Repeat {
  service: string;
  title: string;
  count: number;
  /** Until somebody acknowledged. */
  untilAcknowledged: Sum;
  untilResolved: Sum;
  /** From the acknowledgement to the end: the time of people. */
  inHand: Sum;
}

/** What a trigger would have done, and what people did about the same incidents. */
export interface TriggerLook extends Omit<TriggerVerdict, 'runs' | 'joined' | 'failed'> {
  runs: number;
  joined: number;
  failed: number;
  /** Why it cannot answer the first of those. */
  fault?: string;
  /** The numbers of the incidents to which it would have said yes, in the order in which they began. */
  incidents: number[];
  /** What its runs would have acted on, the most frequent first. */
  targets: { target: string; runs: number }[];
  /** Of those incidents, until a person did anything. */
  untilActed: Sum;
  /** Those about which no person did anything. */
  unattended: number;
}

/**
 * Without the incidents of drills: nothing was wrong with them, and people may have left them alone. The past of an account does not tell who
 * has raised them, and nothing follows from a look, so how they look is enough.
 */
export function withoutDrills(events: readonly Event[]): Event[] {
  const drills = new Set(events.flatMap(({ data, subject }) => (looksLikeDrill(data) ? [subject] : [])));
  return drills.size === 0 ? [...events] : events.filter(({ subject }) => !drills.has(subject));
}

/** The incidents of these events, oldest first, in the order in which they began. What `automation` names are users and no people. */
export function incidentsIn(
  events: readonly Event[],
  automation: ReadonlySet<string> = new Set(),
): PastIncident[] {
  const found = new Map<string, PastIncident>();
  for (const event of events) {
    const { type, time, subject = '', agent } = event;
    if (type === 'pagerduty.incident.triggered') {
      const { number, title, service } = (event as Event<IncidentEventType>).data;
      found.set(subject, {
        id: subject,
        ...(number === undefined ? {} : { number }),
        title,
        service: service.name,
        began: time,
      });
      continue;
    }
    const incident = found.get(subject);
    if (!incident) continue;
    if (type === 'pagerduty.incident.resolved') incident.resolvedAt = time;
    if (type === 'pagerduty.incident.reopened') delete incident.resolvedAt;
    if (agent?.kind !== 'person' || automation.has(agent.name)) continue;
    incident.actedAt ??= time;
    if (type === 'pagerduty.incident.acknowledged') incident.acknowledgedAt ??= time;
  }
  return [...found.values()];
}

/** What has happened more than once, the most frequent first. */
export function repeatsIn(incidents: readonly PastIncident[]): Repeat[] {
  const groups = Map.groupBy(
    incidents,
    ({ service, title }) => `${service}\n${withoutNumbers(title).toLowerCase()}`,
  );
  const repeats = [...groups.values()].filter(({ length }) => length > 1).map(repeatOf);
  return repeats.sort(
    (one, other) =>
      other.count - one.count || compare(one.service, other.service) || compare(one.title, other.title),
  );
}

function repeatOf(incidents: readonly PastIncident[]): Repeat {
  const [{ service, title }] = incidents as [PastIncident];
  return {
    service,
    title: withoutNumbers(title),
    count: incidents.length,
    untilAcknowledged: sumOf(incidents.map(({ began, acknowledgedAt }) => [began, acknowledgedAt])),
    untilResolved: sumOf(incidents.map(({ began, resolvedAt }) => [began, resolvedAt])),
    inHand: sumOf(incidents.map(({ acknowledgedAt, resolvedAt }) => [acknowledgedAt, resolvedAt])),
  };
}

/** What a trigger would have done about these incidents. */
export function lookOf(verdict: TriggerVerdict, incidents: readonly PastIncident[]): TriggerLook {
  const { runs, joined, failed, ...told } = verdict;
  const answered = new Set([...runs, ...joined].map(({ subject }) => subject));
  const yes = incidents.filter(({ id }) => answered.has(id));
  const byTarget = Map.groupBy(runs, ({ target }) => target);
  const targets = [...byTarget].map(([target, list]) => ({ target, runs: list.length }));
  return {
    ...told,
    runs: runs.length,
    joined: joined.length,
    failed: failed.length,
    ...(failed[0] ? { fault: failed[0].reason } : {}),
    incidents: yes.flatMap(({ number }) => number ?? []),
    targets: targets.sort((one, other) => other.runs - one.runs || compare(one.target, other.target)),
    untilActed: sumOf(yes.map(({ began, actedAt }) => [began, actedAt])),
    unattended: yes.filter(({ actedAt }) => actedAt === undefined).length,
  };
}

const compare = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0);

/** Names that hold a number and are no measure: EC2, p99, S3. */
const name = /^[a-z]{1,2}\d{1,2}$/i;
/** The marks that stand before a word, and behind it. */
const opening = '([{"\'';
const closing = ')]}"\'.,:;!?';

/** A title with `*` for each word that holds a number: an id, a host, a measure, a time. Ends of line are spaces. */
export function withoutNumbers(title: string): string {
  const words = title
    .trim()
    .split(/\s+/)
    .map((each) => {
      const { before, inner, after } = partsOf(each);
      return /\d/.test(inner) && !name.test(inner) ? `${before}*${after}` : each;
    });
  return words.join(' ');
}

/** A word, and the marks around it. */
function partsOf(word: string): { before: string; inner: string; after: string } {
  let [start, end] = [0, word.length];
  while (start < end && opening.includes(word[start] ?? '')) start += 1;
  while (end > start && closing.includes(word[end - 1] ?? '')) end -= 1;
  return { before: word.slice(0, start), inner: word.slice(start, end), after: word.slice(end) };
}

/** Only of those of which both times are known, and in order. */
function sumOf(spans: readonly (readonly [string | undefined, string | undefined])[]): Sum {
  const minutes = spans
    .map(([from = '', to = '']) => (Date.parse(to) - Date.parse(from)) / 60_000)
    .filter((each) => each >= 0);
  const medianMinutes = Math.round(medianOf(minutes));
  return { count: minutes.length, medianMinutes, totalMinutes: minutes.length * medianMinutes };
}

/** The one in the middle; between two of them, the middle of these. 0 of none. */
export function medianOf(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  const [low = 0, high = low] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}

/** `8 h 38 min`, `14 min`. */
export function inWords(minutes: number): string {
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${minutes} min` : `${hours} h ${minutes % 60} min`;
}
