import type { Event } from '../../domain/event.ts';
import type { ToldBefore } from '../../store/events/pulls.ts';
import type { Store } from '../../store/store.ts';

/** Within it an event's id is the only one. */
export const sourceOf = (connection: string) => `/pagerduty/${connection}`;
/** Of what is read from the account's log, whose entries have ids of their own. */
export const logSourceOf = (connection: string) => `/pagerduty-log/${connection}`;

/** How far apart the times of a webhook and of the log are for one happening: the log cuts its own to whole seconds. */
const apartMilliseconds = 2_000;

/**
 * The earlier event that told of the same happening by the other way: a webhook of a log entry, or the other way round. PagerDuty gives
 * the two no common id, so it is told by incident, type, time and person, and of a note by its text. Each event has at most one such twin.
 * Asked in the order of the incident's events. The same event gets the same answer again.
 */
export async function twinOf(
  event: Event,
  seq: number,
  store: Pick<Store, 'toldBefore' | 'takeTwin'>,
): Promise<number | undefined> {
  const asked = askedOf(event, seq);
  if (!asked) return undefined;
  const told = await store.toldBefore(asked);
  const own = told.find(({ twin }) => twin === seq);
  if (own) return own.seq;
  const nearest = told
    .filter(({ twin, event: other }) => twin === null && isSame(event, other as Event))
    .map((each) => ({ ...each, apart: apart(event, each.event as Event) }))
    .sort((one, other) => one.apart - other.apart);
  for (const { seq: first } of nearest) if (await store.takeTwin(seq, first)) return first;
  return undefined;
}

function askedOf({ source, subject, type, time }: Event, seq: number): ToldBefore | undefined {
  const [, way, connection = ''] = /^\/(pagerduty(?:-log)?)\/(.+)$/.exec(source) ?? [];
  const at = Date.parse(time);
  if (
    way === undefined ||
    subject === undefined ||
    !type.startsWith('pagerduty.incident.') ||
    Number.isNaN(at)
  )
    return undefined;
  return {
    seq,
    subject,
    type,
    source: way === 'pagerduty' ? logSourceOf(connection) : sourceOf(connection),
    from: new Date(at - apartMilliseconds).toISOString(),
    to: new Date(at + apartMilliseconds).toISOString(),
  };
}

const apart = (one: Event, other: Event) => Math.abs(Date.parse(one.time) - Date.parse(other.time));

/** Of one incident, type and moment: whether nothing else tells them apart. Not both ways name a machine that did it. */
function isSame(one: Event, other: Event): boolean {
  const [by, otherBy] = [one.agent, other.agent];
  if (by?.kind === 'person' && otherBy?.kind === 'person' && by.id !== otherBy.id) return false;
  const [note, otherNote] = [noteOf(one), noteOf(other)];
  return note.startsWith(otherNote) || otherNote.startsWith(note);
}

/** PagerDuty may shorten it. Empty where the event tells of none. */
function noteOf({ type, data }: Event): string {
  const content = (data as { content?: unknown } | null | undefined)?.content;
  return type === 'pagerduty.incident.annotated' && typeof content === 'string' ? content.trim() : '';
}
