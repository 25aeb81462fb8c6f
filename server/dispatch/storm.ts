import type { Event } from '../../domain/event.ts';
import { stormOf } from '../../domain/storm.ts';
import type { Decisions } from '../../store/events/dispatch.ts';
import type { NewIncident, Storms } from '../../store/events/storms.ts';
import type { Runs } from '../../store/runs/runs.ts';
import type { Trigger } from '../../triggers/trigger.ts';
import type { Gathering, Gatherings } from './decide.ts';

/** New incidents within this time of each other, by the times of their events, are one storm. */
const stormMilliseconds = 60_000;
/** So many times more incidents are looked at than make a storm, so that a straggler among the newest hides none. */
const looks = 3;

type Known = Storms & Pick<Decisions, 'situation'> & Pick<Runs, 'findRun'>;

/**
 * Which run gathers a new incident, in place of its own, where so many others were stored before it within a minute: that of the storm's
 * earlier ones, or else of the first incident that has a live run. So all of a storm come to one run, in whatever order they are
 * dispatched. `mayWait`: false passes over those of which it is not known yet what becomes of them.
 */
export async function gatheringsOf(
  { seq, event }: { seq: number; event: Event },
  triggers: readonly Trigger[],
  store: Known,
  mayWait = true,
): Promise<Gatherings> {
  const storm = stormOf(event);
  const asked = triggers.flatMap((trigger) => {
    const { name, storm: enough } = trigger;
    return enough !== undefined && wouldStart(trigger, event) ? [{ name, enough }] : [];
  });
  if (storm === undefined || asked.length === 0) return {};
  const most = looks * Math.max(...asked.map(({ enough }) => enough));
  const stored = eachOnce(await store.newIncidents({ storm, before: seq, most }))
    .filter(({ subject }) => subject !== event.subject)
    .map((each) => ({ ...each, at: Date.parse(each.time) }));
  const found = await Promise.all(
    asked.map(async ({ name, enough }) => {
      const near = stored.filter(isNear(Date.parse(event.time)));
      if (near.length < enough) return [];
      const gathering = await gatheringBy(name, inOrder(near, stored, enough), store, mayWait);
      return gathering ? [[name, gathering] as const] : [];
    }),
  );
  return Object.fromEntries(found.flat());
}

async function gatheringBy(
  trigger: string,
  incidents: readonly NewIncident[],
  store: Known,
  mayWait: boolean,
): Promise<Gathering | undefined> {
  const runOf = async ({ subject }: NewIncident) =>
    (await liveRunsOf(subject, store)).find((each) => each.trigger === trigger);
  // Nearly always the first one has it, or has joined it. Only where it has not, the others are looked at, all at once.
  for (const some of [incidents.slice(0, 1), incidents.slice(1)]) {
    const runs = await Promise.all(some.map(runOf));
    for (const [place, { subject, isPending }] of some.entries()) {
      const run = runs[place];
      if (run?.state === 'running') return { run: run.id };
      if (mayWait && (isPending || run)) return { waitsFor: subject };
    }
  }
  return undefined;
}

/** When it happened, in milliseconds. */
type Timed = NewIncident & { at: number };

const isNear = (at: number) => (other: Timed) => Math.abs(other.at - at) <= stormMilliseconds;

/** The one that was stored first before all others, each once. */
function eachOnce(newestFirst: readonly NewIncident[]): NewIncident[] {
  const stored = newestFirst.toReversed();
  return stored.filter(
    (each, place) => stored.findIndex(({ subject }) => subject === each.subject) === place,
  );
}

/** Those first that have come when it was a storm already: they have joined a run, and so have all after them. */
function inOrder(near: Timed[], stored: readonly Timed[], enough: number): Timed[] {
  const came = (incident: Timed) =>
    stored.slice(0, stored.indexOf(incident)).filter(isNear(incident.at)).length >= enough;
  return [...near.filter(came), ...near.filter((incident) => !came(incident))];
}

/** The live runs that an incident has or has joined. */
async function liveRunsOf(subject: string, store: Known) {
  const { runs, gatheredBy = [] } = await store.situation(subject);
  const gatherers = await Promise.all(gatheredBy.map((id) => store.findRun(id)));
  return [...runs, ...gatherers.flatMap((run) => run ?? [])].filter(
    ({ state }) => state === 'starting' || state === 'running',
  );
}

function wouldStart(trigger: Trigger, event: Event): boolean {
  try {
    return 'start' in trigger.respond(event);
  } catch {
    // It is asked again when it is decided, and its fault is then its answer.
    return false;
  }
}

/** It is not known yet which run gathers an incident, and soon will be: the event is to be dispatched a moment later. */
export class GathererNotKnown extends Error {
  override name = 'GathererNotKnown';
  /** The incident of which it has to be known first what becomes of it. */
  readonly waitsFor: string | undefined;

  constructor(message: string, waitsFor?: string) {
    super(message);
    this.waitsFor = waitsFor;
  }
}
