import { steps } from '../activities.ts';
import { healthy } from '../run.ts';
import { resolvedBefore } from './acknowledge.ts';
import { type Done, nameOf, type Place, type Responder } from './asked.ts';
import { at } from './place.ts';

/** Resolves as the person, with who it was as the evidence. */
export async function resolve(place: Place, person: Responder): Promise<Done> {
  const evidence = `resolved by ${person.name} in Slack`;
  const { changed, incident } = await steps.resolvePagerDutyIncident({ ...at(place), evidence });
  if (!changed) return resolvedBefore(incident);
  return {
    outcome: healthy('resolved'),
    incident,
    answer: `You resolved ${nameOf(incident)}.`,
    room: `${person.name} resolved the incident.`,
  };
}
