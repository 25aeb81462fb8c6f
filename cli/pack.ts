import type { z } from 'zod';
import { dated } from '../domain/story/step.ts';
import type { Ask } from '../processes/door.ts';
import type { OperationNamed } from '../server/operations/index.ts';
import { runState } from './run-lines.ts';

type Timeline = z.output<OperationNamed<'incidents.timeline'>['output']>;
type Shown = z.output<OperationNamed<'incidents.show'>['output']>;

type Compared = z.output<OperationNamed<'incidents.numbers'>['output']>;

/** What is told about an incident when it is over: what it was, who was when, what was done, and what it took. */
export interface Pack {
  id: string;
  incident: Shown['incident'];
  /** Title, state, times and links, a line each. */
  head: string[];
  numbers: Omit<Timeline, 'id' | 'items' | 'next' | 'position' | 'counts' | 'warnings'>;
  counts: Timeline['counts'];
  runs: Shown['runs'];
  changed: Shown['changed'];
  /** Of the incidents of its service within 90 days. Left out: its service is not known. */
  compared?: Compared;
  links: { text: string; url: string }[];
  entries: Timeline['items'];
  warnings: string[];
}

const entriesAtOnce = 2_000;

export async function packOf(id: string, ask: Ask): Promise<Pack> {
  const [shown, first] = await Promise.all([
    ask('incidents.show', { id }),
    ask('incidents.timeline', { id, show: 'all', limit: entriesAtOnce }),
  ]);
  const { items, next, id: _, position: __, counts, warnings, ...numbers } = first;
  const entries = [...items];
  for (let cursor = next; cursor !== undefined; ) {
    const page = await ask('incidents.timeline', { id, show: 'all', limit: entriesAtOnce, cursor });
    entries.push(...page.items);
    cursor = page.next;
  }
  const { incident, runs, changed } = shown;
  const compared =
    incident?.service === undefined
      ? undefined
      : await ask('incidents.numbers', { service: incident.service });
  const links = linksOf(incident, entries);
  return {
    id,
    incident,
    head: headOf(shown, numbers, links),
    numbers,
    counts,
    runs,
    changed,
    ...(compared ? { compared } : {}),
    links,
    entries,
    warnings,
  };
}

/** Where to look: the incident itself, its issue and its room, each once. */
export function linksOf(
  incident: Shown['incident'],
  entries: Timeline['items'],
): { text: string; url: string }[] {
  const own = incident?.incident?.url ? [{ text: 'PagerDuty', url: incident.incident.url }] : [];
  const made = entries
    .filter(({ activity }) => activity === 'createJiraIssue' || activity === 'openSlackWarRoom')
    .flatMap(({ links }) => [...links]);
  return [...new Map([...own, ...made].map((link) => [link.url, link])).values()];
}

/** Number and title, whose it is, its state, its times, its links. */
export function headOf(
  { id, incident: row, runs }: Pick<Shown, 'id' | 'incident' | 'runs'>,
  numbers: Pack['numbers'],
  links: readonly { text: string; url: string }[],
): string[] {
  const { incident, status } = row ?? {};
  const { title, number, service, priority, urgency, assignees = [] } = incident ?? {};
  const whose = [
    service?.name,
    priority?.name,
    urgency && `urgency ${urgency}`,
    assignees.map(({ name }) => name).join(', '),
  ];
  return [
    `${number === undefined ? '' : `#${number} `}${title ?? 'An incident of which no event has told the title'}`,
    [id, ...whose].filter((each) => each !== undefined && each !== '').join(', '),
    ...timesOf(status, numbers),
    ...links.map(({ text, url }) => `${text}: ${url}`),
    ...runs.map((run) => `${run.id}: ${runState(run)}`),
  ];
}

function timesOf(status: string | undefined, numbers: Pack['numbers']): string[] {
  const {
    triggeredAt,
    acknowledgedAfterSeconds,
    acknowledgedBy,
    resolvedAt,
    resolvedBy,
    resolvedAfterSeconds,
  } = numbers;
  const by = (name: string | undefined) => (name === undefined ? '' : ` by ${name}`);
  const parts = [
    ...(status === undefined || (status === 'triggered' && triggeredAt !== undefined)
      ? []
      : [`${status}${resolvedAt === undefined ? '' : `${by(resolvedBy)} at ${dated(resolvedAt)}`}`]),
    ...(triggeredAt === undefined ? [] : [`triggered at ${dated(triggeredAt)}`]),
    ...(acknowledgedAfterSeconds === undefined
      ? []
      : [`acknowledged after ${span(acknowledgedAfterSeconds)}${by(acknowledgedBy)}`]),
    ...(resolvedAfterSeconds === undefined ? [] : [`resolved after ${span(resolvedAfterSeconds)}`]),
  ];
  return parts.length === 0 ? [] : [parts.join(', ')];
}

/** `4 min 5 s`. */
export function span(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds * 10) / 10} s`;
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
}

/** How long incidents wait, with and without Baton, in sentences. */
export function comparisonOf({ days, withAutomation, withoutAutomation }: Compared): string[] {
  const told = (what: string, { incidents, acknowledged, resolved }: Compared['withAutomation']) => {
    const median = ({ medianSeconds }: typeof acknowledged) =>
      medianSeconds === undefined ? 'unknown' : span(medianSeconds);
    return incidents === 0
      ? `${what}: no incident`
      : `${what}: ${incidents} incident${incidents === 1 ? '' : 's'}, acknowledged after ${median(acknowledged)}, resolved after ${median(resolved)} (medians)`;
  };
  return [
    `Incidents of this service in ${days} days`,
    told('With changes by Baton', withAutomation),
    told('Without changes by Baton', withoutAutomation),
  ];
}
