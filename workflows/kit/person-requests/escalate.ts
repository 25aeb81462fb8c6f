import { steps } from '../activities.ts';
import type { CurrentIncident, OnCall } from '../read-context.ts';
import { healthy } from '../run.ts';
import { namesOf, stateLine } from '../status-card.ts';
import { resolvedBefore } from './acknowledge.ts';
import { type Done, nameOf, type Place, type Responder } from './asked.ts';
import { at } from './place.ts';

/** To the level of the escalation policy after the one that has the incident now. Two who ask at once escalate it once. */
export async function escalate(place: Place, person: Responder): Promise<Done> {
  const { incidentId: _, ...account } = at(place);
  const before = await steps.readPagerDutyIncident(at(place));
  if (before.status === 'resolved') return resolvedBefore(before);
  const { escalationPolicy } = before;
  if (!escalationPolicy)
    return {
      outcome: 'nothing to do',
      incident: before,
      answer: `${nameOf(before)} has no escalation policy.`,
    };
  const escalationPolicyIds = [escalationPolicy.id];
  const { onCalls } = await steps.listPagerDutyOnCalls({ ...account, escalationPolicyIds });
  const level = levelOf(before, onCalls) + 1;
  const next = onCalls.filter((onCall) => onCall.level === level).map(({ user }) => user);
  if (next.length === 0)
    return {
      outcome: 'nothing to do',
      incident: before,
      answer: `${nameOf(before)} is on the last level of ${escalationPolicy.name} already. Ask for others: /baton responders @them.`,
    };
  const { changed, incident, escalatedBy } = await steps.escalatePagerDutyIncident({ ...at(place), level });
  if (!changed)
    return {
      outcome: 'done before',
      incident,
      answer: `${nameOf(incident)} was escalated by ${escalatedBy ?? 'somebody else'} just before: nothing is changed. ${stateLine(incident)}.`,
    };
  const to = `level ${level} (${namesOf(next)})`;
  return {
    outcome: healthy('done'),
    incident,
    answer: `You escalated ${nameOf(incident)} to ${to}.`,
    room: `${person.name} escalated the incident to ${to}.`,
  };
}

/** The level of its assignees among those on call, the lower one of somebody on several; 0 for an incident that is past its policy. */
function levelOf({ assignees }: CurrentIncident, onCalls: readonly OnCall[]): number {
  const levels = assignees.flatMap(({ id }) => {
    const own = onCalls.filter(({ user }) => user.id === id).map(({ level }) => level);
    return own.length === 0 ? [] : [Math.min(...own)];
  });
  return Math.max(0, ...levels);
}
