import { looksLikeDrill } from '../../domain/drill.ts';
import type { Event } from '../../domain/event.ts';
import type { Incident } from '../../domain/incident.ts';
import { defaultConnection, subjectOf } from '../../domain/subject.ts';
import type { Store } from '../../store/store.ts';

/**
 * The event, whose incident is marked as a drill where this Baton has raised it: the title and the key of one can be written by whoever holds a
 * routing key. An incident that only looks like one is one of production.
 */
export async function withDrill(event: Event, store: Pick<Store, 'isRaisedByDrill'>): Promise<Event> {
  const { data, connection = defaultConnection, time } = event;
  if (!looksLikeDrill(data)) return event;
  const { incidentKey, createdAt = time } = data as Incident;
  const alert = subjectOf(connection, `pagerduty-alert:${incidentKey}`);
  return (await store.isRaisedByDrill(alert, createdAt))
    ? ({ ...event, data: { ...(data as Incident), drill: true } } as Event)
    : event;
}
