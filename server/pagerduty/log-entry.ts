import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Delivery } from '../../domain/delivery.ts';
import { type IncidentStatus, incidentStatuses } from '../../domain/incident.ts';
import { millisecondsAhead } from '../../domain/moment.ts';
import { subjectOf } from '../../domain/subject.ts';
import type { ReadEvent } from '../receiving/read-event.ts';
import { listOf } from './data.ts';
import { readPagerDutyEvent } from './event.ts';
import { logSourceOf } from './ways.ts';

/** One entry of an account's log, of which no more than this is known yet. */
export interface LogEntry {
  id: string;
  /** In whole seconds. */
  time: string;
  /** The time that it names, where that has not come yet. */
  future?: string;
  raw: unknown;
}

const head = z.object({ id: z.string().min(1).max(200), created_at: z.string() });

/** Clocks of one provider differ by less. */
export const aheadMilliseconds = 30_000;

/**
 * What tells entries apart. One without an id or a time, which PagerDuty never writes, gets them of its text and of `from`. One that is dated
 * after `now`, when PagerDuty showed it, has happened by then: its incident would else be taken for older than all that follows.
 */
export function logEntryOf(raw: unknown, { from, now }: { from: string; now: string }): LogEntry {
  const { data } = head.safeParse(raw);
  const time = Date.parse(data?.created_at ?? '');
  const told = Number.isNaN(time) ? from : new Date(time).toISOString();
  const isAhead = millisecondsAhead(told, now) > aheadMilliseconds;
  return {
    id: data?.id ?? `sha256:${createHash('sha256').update(JSON.stringify(raw)).digest('hex')}`,
    time: isAhead ? now : told,
    ...(isAhead ? { future: told } : {}),
    raw,
  };
}

/** What an incident was before an entry, as far as entries tell: by its subject. */
export type Statuses = Map<string, IncidentStatus>;

export interface ReadingLog {
  connection: string;
  /** What earlier entries have told. It learns of these. */
  statuses: Statuses;
  /** What is known of an incident before this time where no entry has told; undefined: nothing. */
  statusBefore(subject: string, time: string): Promise<IncidentStatus | undefined>;
}

const reference = z.looseObject({ id: z.string(), type: z.string().nullish() });
const shape = z.object({
  type: z.string().transform((type) => type.replace(/_log_entry$/, '')),
  agent: reference.nullish().catch(null),
  assignees: listOf(z.looseObject({ id: z.string() })),
  note: z.string().nullish().catch(null),
  channel: z
    .object({ content: z.string().nullish().catch(null), summary: z.string().nullish().catch(null) })
    .nullish()
    .catch(null),
  incident: z.looseObject({
    id: z.string().regex(/^[^/]+$/, 'is no id of PagerDuty'),
    status: z.enum(incidentStatuses),
    title: z.string().nullish().catch(null),
    incident_number: z.unknown(),
    assignments: listOf(z.object({ assignee: z.looseObject({ id: z.string() }) })),
    priority: z
      .looseObject({ name: z.string().nullish().catch(null), summary: z.string().nullish().catch(null) })
      .nullish()
      .catch(null),
    created_at: z.string().nullish().catch(null),
    last_status_change_at: z.string().nullish().catch(null),
    first_trigger_log_entry: reference.nullish().catch(null),
  }),
});
type Shape = z.output<typeof shape>;

/** Entries that tell what an incident's status is after them. */
const statusAfter: Partial<Record<string, IncidentStatus>> = {
  'incident.triggered': 'triggered',
  'incident.acknowledged': 'acknowledged',
  'incident.unacknowledged': 'triggered',
  'incident.escalated': 'triggered',
  'incident.reopened': 'triggered',
  'incident.resolved': 'resolved',
};

/** The webhook's event type for an entry's type. https://developer.pagerduty.com/api-reference/: Log Entries */
const eventTypes: Partial<Record<string, string>> = {
  acknowledge: 'incident.acknowledged',
  unacknowledge: 'incident.unacknowledged',
  resolve: 'incident.resolved',
  reopen: 'incident.reopened',
  escalate: 'incident.escalated',
  delegate: 'incident.delegated',
  assign: 'incident.reassigned',
  reassign: 'incident.reassigned',
  annotate: 'incident.annotated',
  priority_change: 'incident.priority_updated',
};

/** The types of events of which a log tells. */
export const toldByLog: readonly string[] = [
  'pagerduty.incident.triggered',
  'pagerduty.incident.reopened',
  ...Object.values(eventTypes).map((type) => `pagerduty.${type}`),
];

/** What opens a resolved incident again. PagerDuty's log has no entry of its own for it. */
const reopening = ['incident.acknowledged', 'incident.escalated', 'incident.reassigned', 'log.trigger'];
/** Of these the entry itself is the reopening, and nothing follows it. */
const onlyReopening = ['incident.reassigned', 'log.trigger'];
/** What belongs to an incident's creation: its first trigger entry, and its first assignment, of which webhooks tell nothing. */
const creationMilliseconds = 2_000;

/**
 * The deliveries that an entry makes, as webhooks would tell of it. The incident in it is as it is now, and not as it was then: its status
 * is taken from the entry's type, else from what came before. So that nothing is begun for what is over, an incident that is resolved by
 * now is told so where it was triggered or reopened. Other entries are `pagerduty.log.<type>`.
 */
export async function deliveriesOf(
  entry: LogEntry,
  { connection, statuses, statusBefore }: ReadingLog,
): Promise<Delivery[]> {
  const { data: read, error } = shape.safeParse(entry.raw);
  if (!read) {
    const [issue] = error.issues;
    const unreadable = `log entry: ${issue?.path.join('.') || 'entry'}: ${issue?.message}`;
    return [deliveryOf(entry, connection, { unreadable, type: 'pagerduty.log.unknown', id: entry.id })];
  }
  const subject = subjectOf(connection, read.incident.id);
  const type = typeOf(entry, read);
  const isFirst = type === 'incident.triggered';
  const before = isFirst ? undefined : (statuses.get(subject) ?? (await statusBefore(subject, entry.time)));
  const isReopening = before === 'resolved' && reopening.includes(type);
  const told = isReopening && onlyReopening.includes(type) ? 'incident.reopened' : type;
  const status = statusAfter[told] ?? (isReopening ? 'triggered' : statusThen(entry, read.incident, before));
  statuses.set(subject, status);
  const event = (eventType: string, id = entry.id) =>
    deliveryOf(entry, connection, readEvent(entry, read, connection, { id, eventType, status }));
  return isReopening && told === type
    ? [event('incident.reopened', `${entry.id}.reopened`), event(told)]
    : [event(told)];
}

/** Only an incident's first trigger entry tells of a new incident: more of its alerts make more of them. */
function typeOf({ id, time }: LogEntry, { type, agent, incident }: Shape): string {
  const sinceCreation = millisecondsAhead(time, incident.created_at ?? '');
  if (type === 'trigger') {
    const first = incident.first_trigger_log_entry?.id;
    const isFirst = first === undefined ? !(sinceCreation > creationMilliseconds) : first === id;
    return isFirst ? 'incident.triggered' : 'log.trigger';
  }
  const known = eventTypes[type];
  const isByPerson = agent?.type?.startsWith('user') ?? false;
  if (known === 'incident.reassigned' && sinceCreation <= creationMilliseconds && !isByPerson)
    return `log.${type}`;
  return known ?? `log.${type.replaceAll(/[^a-z0-9_]/gi, '')}`;
}

/** The status at the time of an entry that does not tell it. */
function statusThen(
  { time }: LogEntry,
  { status, last_status_change_at: changedAt }: Shape['incident'],
  before: IncidentStatus | undefined,
): IncidentStatus {
  const after = changedAt ? millisecondsAhead(time, changedAt) : -1;
  if (after > 0) return status;
  return before ?? (after === 0 ? status : 'triggered');
}

function readEvent(
  { time, raw }: LogEntry,
  { agent, assignees, note, channel, incident }: Shape,
  connection: string,
  { id, eventType, status }: { id: string; eventType: string; status: IncidentStatus },
): ReadEvent {
  const isBegin = eventType === 'incident.triggered' || eventType === 'incident.reopened';
  const isOver = status === 'resolved' || (isBegin && incident.status === 'resolved');
  const assigned = assignees.length > 0 ? assignees : incident.assignments.map(({ assignee }) => assignee);
  const { priority } = incident;
  const wireIncident = {
    ...incident,
    number: incident.incident_number,
    status: isOver ? 'resolved' : status,
    assignees: isOver ? [] : assigned,
    priority: priority && { ...priority, summary: priority.summary ?? priority.name },
  };
  const wireNote = {
    incident: { id: incident.id, summary: incident.title },
    id,
    content: channel?.content ?? channel?.summary ?? note ?? '',
  };
  const data = eventType.startsWith('log.')
    ? raw
    : eventType === 'incident.annotated'
      ? wireNote
      : wireIncident;
  return readPagerDutyEvent(
    { event: { id, event_type: eventType, occurred_at: time, agent, data } },
    connection,
    time,
  );
}

function deliveryOf({ id: entryId, time, raw }: LogEntry, connection: string, read: ReadEvent): Delivery {
  const source = logSourceOf(connection);
  const { type, subject, id = entryId } = 'event' in read ? read.event : read;
  return {
    source,
    eventId: id,
    type,
    ...(subject === undefined ? {} : { subject }),
    time,
    body: Buffer.from(JSON.stringify(raw)),
    ...('event' in read ? { event: { ...read.event, source } } : { unreadable: read.unreadable }),
    actor: 'pagerduty',
    via: 'pull',
  };
}
