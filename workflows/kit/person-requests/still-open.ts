import { steps } from '../activities.ts';
import { inTime, type Unavailable } from '../parts.ts';
import type { CurrentIncident } from '../read-context.ts';
import { stateLine } from '../status-card.ts';
import type { Member, Place } from './asked.ts';
import { at, subjectAt } from './place.ts';

const mostNamed = 5;

/** What is still open of an incident, in one line: its state, and what waits for an approval. What cannot be read says so. */
export async function stillOpen(
  place: Place,
  known: CurrentIncident | undefined,
  { email }: Member,
): Promise<string> {
  const incident = known ?? (await inTime(() => steps.readPagerDutyIncident(at(place))));
  const listed = await inTime(() => steps.listBatonRuns({ subject: subjectAt(place), email }));
  const approvals = 'unavailable' in listed || 'unavailable' in listed.approvals ? [] : listed.approvals;
  const named = approvals.slice(0, mostNamed).map(({ summary }) => summary);
  const rest = approvals.length - named.length;
  const waits = `Waits for an approval: ${named.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}.`;
  return [stateOf(incident), ...(named.length > 0 ? [waits] : [])].join(' ');
}

function stateOf(incident: CurrentIncident | Unavailable): string {
  if ('unavailable' in incident) return `How it stands could not be read (${incident.unavailable}).`;
  return incident.status === 'resolved' ? 'The incident is resolved.' : `It is open: ${stateLine(incident)}.`;
}
