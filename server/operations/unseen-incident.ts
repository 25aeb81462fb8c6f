import type { Event } from '../../domain/event.ts';
import { incidentOfSubject, subjectOf } from '../../domain/subject.ts';
import type { IncidentRow } from '../../store/events/incidents.ts';
import { incidentOf } from '../dispatch/decide.ts';
import { pastEvents } from '../pagerduty/past-events.ts';
import { Refusal } from '../refusal.ts';
import type { OperationContext } from './operation.ts';

/** So long PagerDuty is waited for. */
const readMilliseconds = 10_000;

/** An incident that nothing is stored of: the events that Baton would have had of it, newest first, and as what it would be known. */
export interface UnseenIncident {
  events: Event[];
  incident: IncidentRow;
}

/** Asks PagerDuty, by the connection of the subject, and writes nothing. Undefined: it can be asked of no such thing, or does not show it. */
export async function readUnseen(
  subject: string,
  { incidentLog }: Pick<OperationContext, 'incidentLog'>,
): Promise<UnseenIncident | undefined> {
  const named = incidentOfSubject(subject);
  if (!named || !incidentLog) return undefined;
  const signal = AbortSignal.timeout(readMilliseconds);
  const [raw, entries = []] = await Promise.all([
    incidentLog.incident(named, signal),
    incidentLog.entries(named, signal),
  ]).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new Refusal(503, 'No answer', `PagerDuty does not tell of ${subject}: ${why}. Do it again.`, 30);
  });
  if (raw === undefined) return undefined;
  const { connection } = named;
  const { events } = await pastEvents({ incidents: [raw], entries: [...entries] }, connection);
  const incident = events.map(incidentOf).findLast((each) => each !== undefined);
  const seenAt = events.at(-1)?.time;
  if (!incident || seenAt === undefined) return undefined;
  const { status, service } = incident;
  return {
    events: events.toReversed(),
    incident: {
      id: subject,
      connection,
      status,
      seenAt,
      service: subjectOf(connection, service.id),
      incident,
      liveRuns: 0,
    },
  };
}
