import { createHash } from 'node:crypto';
import type { Event } from '../../domain/event.ts';
import type { RecordRow } from '../../domain/record.ts';
import { type Known, nothingKnown, type Step } from '../../domain/story/step.ts';
import { tellerOf, withoutRepeats } from '../../domain/story/story.ts';
import { processSubject } from '../../domain/story/told-process.ts';
import { incidentOfSubject } from '../../domain/subject.ts';
import type { ListedEvent } from '../../store/events/events.ts';
import type { Store } from '../../store/store.ts';
import { stepsOfLog } from '../pagerduty/log-words.ts';
import { stepsOfTranscript } from './transcript.ts';

/** A step of an incident's story, from wherever it is known. */
export interface Entry extends Step {
  /** The same each time that it is read. */
  id: string;
  /** The number of the record's line that tells it; undefined: no line does, or it is not linked yet. */
  seq?: number;
  /** The line itself, or what else tells it. */
  detail: unknown;
}

export interface Gathered {
  entries: Entry[];
  events: ListedEvent[];
  /** What could not be read, and is missing. */
  warnings: string[];
}

interface Named {
  connection: string;
  incidentId: string;
}

/** What PagerDuty says of an incident; undefined: the account is not connected, or does not show it. Rejects where it does not answer. */
export interface IncidentLog {
  entries(incident: Named, signal: AbortSignal): Promise<readonly unknown[] | undefined>;
  /** The incident itself. */
  incident(incident: Named, signal: AbortSignal): Promise<unknown>;
}

export interface Sources {
  store: Pick<Store, 'linesAbout' | 'pageOfEvents' | 'transcriptsOf' | 'searchRecord'>;
  incidentLog?: IncidentLog | undefined;
}

const linesAtOnce = 1_000;
const linesAtMost = 20_000;
const eventsAtMost = 1_000;
const transcriptsAtMost = 5;
const logMilliseconds = 3_000;

/** All that is known of an incident, as one story, oldest first. */
export async function gatherStory(subject: string, { store, incidentLog }: Sources): Promise<Gathered> {
  const [lines, { items: events }, transcripts, log] = await Promise.all([
    linesAbout(subject, store),
    store.pageOfEvents({ subject, limit: eventsAtMost }),
    store.transcriptsOf(subject, transcriptsAtMost),
    logOf(subject, incidentLog),
  ]);
  const told = toldByLines(lines, events);
  const said = transcripts.flatMap((transcript) => stepsOfTranscript(transcript));
  const times = events.map(({ type, time }) => ({ type, time }));
  const logged = stepsOfLog(log.entries, times).map((step) => ({
    ...step,
    detail: rawOf(step.id, log.entries),
  }));
  const own = [...told, ...logged, ...said].sort(byTime);
  const entries = [...own, ...(await processesDuring(own, store))].sort(byTime);
  return {
    entries,
    events,
    warnings: [
      ...(log.warning === undefined ? [] : [log.warning]),
      ...(lines.length >= linesAtMost
        ? [
            `The record has more than ${linesAtMost} lines about it. The newest are left out here: baton record search has them.`,
          ]
        : []),
    ],
  };
}

const processesAtMost = 50;

/** That Baton itself ended and began again between the first and the last step. */
async function processesDuring(entries: readonly Entry[], store: Sources['store']): Promise<Entry[]> {
  const [first, last] = [entries[0], entries.at(-1)];
  if (!first || !last || first === last) return [];
  const asked = { subject: processSubject, from: first.at, to: last.at, limit: processesAtMost };
  const { items } = await store.searchRecord(asked);
  return toldByLines(items.toReversed());
}

const byTime = (one: Entry, other: Entry) => Date.parse(one.at) - Date.parse(other.at);

const rawOf = (id: string, entries: readonly unknown[]) =>
  entries.find((raw) => `pagerduty:${(raw as { id?: unknown })?.id}` === id);

async function linesAbout(subject: string, store: Sources['store']): Promise<RecordRow[]> {
  const lines: RecordRow[] = [];
  for (let after = 0; lines.length < linesAtMost; ) {
    const page = await store.linesAbout({ subject, after, skip: 0, limit: linesAtOnce });
    const isLast = page.length < linesAtOnce;
    // Those that wait to be linked come again with the next page.
    lines.push(...(isLast ? page : page.filter(({ seq }) => seq !== undefined)));
    const last = page.findLast(({ seq }) => seq !== undefined)?.seq;
    if (isLast || last === undefined) break;
    after = last;
  }
  return lines;
}

/** The envelope of a stored event: it may be of any version. */
export function envelopeOf({ event }: Pick<ListedEvent, 'event'>): Event[] {
  const { type, time } = (event ?? {}) as Partial<Event>;
  return typeof type === 'string' && typeof time === 'string' ? [event as Event] : [];
}

/** The steps that lines tell, with what the events themselves say. */
export function toldByLines(
  lines: readonly RecordRow[],
  events: readonly Pick<ListedEvent, 'eventId' | 'event'>[] = [],
): Entry[] {
  const known: Known = {
    ...nothingKnown(),
    events: new Map(events.flatMap((row) => envelopeOf(row).map((event) => [row.eventId, event]))),
  };
  const teller = tellerOf(known);
  const idOf = identified();
  return withoutRepeats(
    lines.flatMap((line) => {
      const id = idOf(line);
      return teller.tell(line).map((step, index) => ({
        ...step,
        id: index === 0 ? id : `${id}.${index}`,
        ...(line.seq === undefined ? {} : { seq: line.seq }),
        detail: line,
      }));
    }),
  );
}

/** What a line is known by before it has a number as well as after: what it says, and the how-manieth of those that say the same. */
function identified(): (line: RecordRow) => string {
  const counts = new Map<string, number>();
  return ({ at, actor, action, detail }) => {
    const text = JSON.stringify([Date.parse(at), actor, action, detail]);
    const hash = createHash('sha256').update(text).digest('base64url').slice(0, 16);
    const count = (counts.get(hash) ?? 0) + 1;
    counts.set(hash, count);
    return count === 1 ? hash : `${hash}-${count}`;
  };
}

async function logOf(
  subject: string,
  incidentLog: IncidentLog | undefined,
): Promise<{ entries: readonly unknown[]; warning?: string }> {
  const incident = incidentOfSubject(subject);
  if (!incident) return { entries: [] };
  const missing = (why: string) => ({
    entries: [],
    warning: `PagerDuty's own log of it is not among this: ${why}.`,
  });
  if (!incidentLog) return missing('this process reaches no PagerDuty');
  try {
    const entries = await incidentLog.entries(incident, AbortSignal.timeout(logMilliseconds));
    return entries
      ? { entries }
      : missing(`no token of the connection ${incident.connection} is set, or it may not read it`);
  } catch (error) {
    return missing(
      `it did not answer (${error instanceof Error ? error.message.replace(/\.$/, '') : String(error)})`,
    );
  }
}
