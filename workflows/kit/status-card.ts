import type { ActivityFunctions } from '../../activities/index.ts';
import type { CurrentIncident } from './read-context.ts';

export type StatusCard = Parameters<ActivityFunctions['showSlackStatusCard']>[0]['card'];

/**
 * What the status card of an incident says. It is made from the incident alone, so it reads the same whoever writes it:
 * the run that follows the incident, or the click of a person.
 */
export function statusCard(incident: CurrentIncident, isOfDrill = false): StatusCard {
  const { title, number, url, status, urgency, priority, service, assignees, acknowledgers } = incident;
  const { createdAt, mergedInto } = incident;
  const acknowledgedBy = status === 'acknowledged' ? namesOf(acknowledgers) : '';
  return {
    title: title || `Incident ${number}`,
    number,
    ...(url ? { url } : {}),
    status,
    urgency,
    ...(priority ? { priority: priority.name } : {}),
    ...(mergedInto ? { mergedInto: mergedInto.name || mergedInto.id } : {}),
    ...(createdAt ? { since: createdAt } : {}),
    service: service.name,
    assignees: assignees.map(({ name }) => name),
    ...(acknowledgedBy ? { acknowledgedBy } : {}),
    lines: [stateLine(incident), ...(isOfDrill ? ['A drill of Baton: nothing is wrong.'] : [])],
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

const maxTopic = 1000;

/**
 * The topic of the room: state, priority, incident. Each new one is announced in the room, so it tells what people steer by and no more;
 * `inShort` as runs of an earlier version wrote it.
 */
export function topicOf(incident: CurrentIncident, inShort = false): string {
  const { status, number, url, title, priority } = incident;
  const about = `#${number} ${url} ${title}`;
  if (inShort) return `${status === 'resolved' ? 'Resolved' : 'Open'}: ${about}`.slice(0, maxTopic);
  const state = stateLine(incident);
  const line = state.length <= maxState ? state : `${state.slice(0, maxState - 1)}…`;
  return `${[line, ...(priority ? [priority.name] : [])].join(', ')}: ${about}`.slice(0, maxTopic);
}

/** Of 250 characters that Slack takes, so that the incident has its place too. */
const maxState = 90;

/** What has changed since people were told, one line each; nothing where only the text of it differs. */
export function changesSince(told: Told, incident: CurrentIncident): string[] {
  const now = toldOf(incident);
  const isAnother = (field: keyof Told) => told[field] !== now[field];
  const back = told.status === 'resolved' && now.status !== 'resolved' ? 'Reopened. ' : '';
  return [
    ...(isAnother('status') || (now.status === 'acknowledged' && isAnother('acknowledgers'))
      ? [`${back}${stateLine(incident)}`]
      : []),
    ...(isAnother('priority') ? [`Priority ${now.priority}, before ${told.priority}`] : []),
    ...(isAnother('urgency') ? [`Urgency ${now.urgency}, before ${told.urgency}`] : []),
    ...(now.status !== 'resolved' && isAnother('assignees')
      ? [`Assigned to ${now.assignees || 'nobody'}`]
      : []),
  ];
}

/** What people are told of an incident, by which it is seen what has changed. */
export interface Told {
  status: CurrentIncident['status'];
  urgency: string;
  priority: string;
  assignees: string;
  acknowledgers: string;
}

export const toldOf = (incident: CurrentIncident): Told => ({
  status: incident.status,
  urgency: incident.urgency,
  priority: incident.priority?.name ?? 'none',
  assignees: namesOf(incident.assignees),
  acknowledgers: namesOf(incident.acknowledgers),
});

/** PagerDuty resolves an incident that is merged: the work goes on with the other one. */
export const mergerOf = ({ id, name }: { id: string; name: string }) =>
  `Merged into ${name && name !== id ? `${name} (${id})` : id}`;

/** ` by Ada Lopez`, or that it was no person who resolved it. */
export function resolverOf(resolvedBy: CurrentIncident['resolvedBy']): string {
  if (!resolvedBy) return '';
  return resolvedBy.kind === 'person' ? ` by ${resolvedBy.name}` : ` automatically (${resolvedBy.name})`;
}

export const namesOf = (people: readonly { name: string }[]) => people.map(({ name }) => name).join(', ');
