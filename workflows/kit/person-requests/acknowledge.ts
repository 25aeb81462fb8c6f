import { steps } from '../activities.ts';
import { failureOf, orUnavailable } from '../parts.ts';
import type { CurrentIncident } from '../read-context.ts';
import { healthy } from '../run.ts';
import { namesOf, resolverOf } from '../status-card.ts';
import { type Done, nameOf, type Place, type Responder } from './asked.ts';
import { at } from './place.ts';

/** Acknowledges as the person. Whoever was first is named; a resolved incident stays resolved. */
export async function acknowledge(place: Place, person: Responder): Promise<Done> {
  const { changed, incident } = await acknowledgeUnlessResolved(place);
  if (incident.status === 'resolved') return resolvedBefore(incident);
  const others = await openElsewhere(place, person);
  if (changed)
    return {
      outcome: healthy('acknowledged'),
      incident,
      answer: `You acknowledged ${nameOf(incident)}. ${others}`,
      room: `${person.name} acknowledged the incident.`,
    };
  const by = incident.acknowledgers.some(({ id }) => id === person.id)
    ? 'you'
    : namesOf(incident.acknowledgers) || 'somebody else';
  const answer = `${nameOf(incident)} was acknowledged by ${by} before: nothing is changed. ${others}`;
  return { outcome: 'acknowledged before', incident, answer };
}

/** PagerDuty would open a resolved incident again, so there the activity sees a conflict. */
async function acknowledgeUnlessResolved(place: Place) {
  try {
    return await steps.acknowledgePagerDutyIncident(at(place));
  } catch (error) {
    if (failureOf(error)?.class !== 'Conflict') throw error;
    const incident = await steps.readPagerDutyIncident(at(place));
    if (incident.status !== 'resolved') throw error;
    return { changed: false, incident };
  }
}

export function resolvedBefore(incident: CurrentIncident): Done {
  const answer = `${nameOf(incident)} was resolved${resolverOf(incident.resolvedBy)} before: nothing is changed.`;
  return { outcome: 'resolved before', incident, answer };
}

/** What else waits for this person, in one line. */
async function openElsewhere(place: Place, { id }: Responder): Promise<string> {
  const { incidentId, ...account } = at(place);
  const list = await orUnavailable(() =>
    steps.listPagerDutyIncidents({ ...account, statuses: ['triggered'], userIds: [id] }),
  );
  if ('unavailable' in list) return 'What else waits for you could not be read.';
  const others = list.incidents.filter((incident) => incident.id !== incidentId);
  if (others.length === 0) return 'Nothing else waits for you.';
  const shown = others.slice(0, 5).map(nameOf).join(', ');
  const rest = others.length - 5;
  return `Also waiting for you: ${shown}${rest > 0 ? ` and ${rest} more` : ''}.`;
}
