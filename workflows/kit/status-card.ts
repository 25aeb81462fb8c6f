import type { ActivityFunctions } from '../../activities/index.ts';
import type { CurrentIncident } from './read-context.ts';

export type StatusCard = Parameters<ActivityFunctions['showSlackStatusCard']>[0]['card'];

/**
 * What the status card of an incident says. It is made from the incident alone, so it reads the same whoever writes it:
 * the run that follows the incident, or the click of a person.
 */
export function statusCard(incident: CurrentIncident): StatusCard {
  const { title, number, url, status, urgency, priority, service, assignees, acknowledgers } = incident;
  const acknowledgedBy = status === 'acknowledged' ? namesOf(acknowledgers) : '';
  return {
    title: title || `Incident ${number}`,
    number,
    ...(url ? { url } : {}),
    status,
    urgency,
    ...(priority ? { priority: priority.name } : {}),
    service: service.name,
    assignees: assignees.map(({ name }) => name),
    ...(acknowledgedBy ? { acknowledgedBy } : {}),
    lines: [stateLine(incident)],
  };
}

/** The state in one line, with who: for the card and the room's topic. */
export function stateLine({
  status,
  assignees,
  acknowledgers,
  resolvedBy,
  mergedInto,
  escalationPolicy,
}: CurrentIncident): string {
  if (status === 'resolved')
    return `${mergedInto ? mergerOf(mergedInto) : 'Resolved'}${resolverOf(resolvedBy)}`;
  if (status === 'acknowledged') {
    const who = namesOf(acknowledgers);
    return who ? `Acknowledged by ${who}` : 'Acknowledged';
  }
  const whom = namesOf(assignees) || escalationPolicy?.name;
  return whom ? `Waiting for ${whom} to acknowledge` : 'Waiting for somebody to acknowledge';
}

/** PagerDuty resolves an incident that is merged: the work goes on with the other one. */
export const mergerOf = ({ id, name }: { id: string; name: string }) =>
  `Merged into ${name && name !== id ? `${name} (${id})` : id}`;

/** ` by Ada Lopez`, or that it was no person who resolved it. */
export function resolverOf(resolvedBy: CurrentIncident['resolvedBy']): string {
  if (!resolvedBy) return '';
  return resolvedBy.kind === 'person' ? ` by ${resolvedBy.name}` : ` automatically (${resolvedBy.name})`;
}

export const namesOf = (people: readonly { name: string }[]) => people.map(({ name }) => name).join(', ');
