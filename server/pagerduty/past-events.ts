import type { Event } from '../../domain/event.ts';
import { defaultConnection } from '../../domain/subject.ts';
import { deliveriesOf, logEntryOf, type ReadingLog } from './log-entry.ts';
import type { Past } from './past.ts';

interface RawIncident {
  id: string;
  created_at?: unknown;
  first_trigger_log_entry?: { id?: unknown } | null;
}
interface RawEntry {
  id?: unknown;
  type?: unknown;
  incident?: { id?: unknown } | null;
}

/**
 * The events that Baton would have had of what was, oldest first: read as it reads the log of an account that it serves. An incident is in
 * each as it is now but for its status, which is that of then. What began before is left out.
 */
export async function pastEvents(
  { incidents, entries }: Pick<Past, 'incidents' | 'entries'>,
  connection = defaultConnection,
): Promise<{ events: Event[]; unreadable: number }> {
  const known = new Map((incidents as RawIncident[]).map((raw) => [raw?.id, asThen(raw)]));
  const logged = (entries as RawEntry[]).flatMap((raw) => {
    const incident = known.get(String(raw?.incident?.id));
    return incident ? [{ ...raw, incident }] : [];
  });
  const isBegun = new Set(logged.filter(isFirst).map(({ incident }) => incident.id));
  const unlogged = [...known.values()].filter(({ id }) => !isBegun.has(id)).map(firstEntryOf);
  const reading: ReadingLog = {
    connection,
    statuses: new Map(),
    statusBefore: async () => undefined,
  };
  const now = new Date().toISOString();
  // As they come, of one second the younger one is first.
  const oldestFirst = [...unlogged, ...logged.toReversed()]
    .map((raw) => logEntryOf(raw, { from: now, now }))
    .sort((one, other) => Date.parse(one.time) - Date.parse(other.time));
  const events: Event[] = [];
  let unreadable = 0;
  for (const entry of oldestFirst)
    for (const { event } of await deliveriesOf(entry, reading))
      if (event) events.push(event as Event);
      else unreadable += 1;
  return { events, unreadable };
}

/** PagerDuty tells only how it ended. */
const asThen = (raw: RawIncident) => ({
  ...raw,
  status: 'triggered',
  last_status_change_at: null,
  resolve_reason: null,
});

/** More of an incident's alerts make more entries of this type. */
const isFirst = ({ id, type, incident }: RawEntry & { incident: RawIncident }) =>
  type === 'trigger_log_entry' && (incident.first_trigger_log_entry?.id ?? id) === id;

/** For an incident of whose beginning the log does not tell. */
const firstEntryOf = (incident: RawIncident) => ({
  id: incident.first_trigger_log_entry?.id ?? incident.id,
  type: 'trigger_log_entry',
  created_at: incident.created_at,
  incident,
});
