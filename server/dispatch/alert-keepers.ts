import type { Event } from '../../domain/event.ts';
import type { AlertChange, LaterEvent } from '../../domain/incident.ts';
import { defaultConnection, subjectOf } from '../../domain/subject.ts';
import type { StoredConnections } from '../../store/connections/stored-connections.ts';
import type { Store } from '../../store/store.ts';
import { incidentOf } from './decide.ts';

/** By it keys of Baton's own alerts begin. */
const ownKey = 'baton/';

/** What somebody has done with an incident. */
const changes: readonly string[] = ['acknowledged', 'unacknowledged', 'reopened', 'resolved'].map(
  (change) => `pagerduty.incident.${change}`,
);

interface Options {
  store: Pick<Store, 'alertKeepers'>;
  connections?: Pick<StoredConnections, 'known'> | undefined;
}

/** The live runs that have raised the alert of this event's incident, and are about something else: what somebody does with it is for them, too. */
export async function alertKeepersOf(event: Event, { store, connections }: Options): Promise<string[]> {
  const { incidentKey } = incidentOf(event) ?? {};
  if (!incidentKey?.startsWith(ownKey) || !changes.includes(event.type)) return [];
  // A key of a named connection may be one of the same account. What is told is looked at by the run.
  const names = [...((await connections?.known())?.connections.values() ?? [])].flatMap(
    ({ name, provider }) => (provider === 'pagerduty' ? [name] : []),
  );
  return store.alertKeepers(
    [defaultConnection, ...names].map((name) => subjectOf(name, `pagerduty-alert:${incidentKey}`)),
  );
}

/** What somebody has done with the incident of an alert, as the run gets it that keeps the alert. */
export function alertChange(event: Event): LaterEvent[] {
  const { id: incidentId, incidentKey: key, status, createdAt } = incidentOf(event) ?? {};
  if (incidentId === undefined || key === undefined || status === undefined) return [];
  const data: AlertChange = { key, incidentId, status, ...(createdAt === undefined ? {} : { createdAt }) };
  return [{ eventId: event.id, type: 'alert.changed', time: event.time, echo: false, data }];
}
