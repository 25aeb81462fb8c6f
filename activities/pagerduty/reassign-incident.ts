import { z } from 'zod';
import type { Inverse } from '../../domain/plan.ts';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { conflict } from '../failures.ts';
import { changedIncident, type ReadIncident, readIncident } from './incident.ts';
import { pagerDutyId } from './input.ts';
import { updateCall, updateIncident } from './update-incident.ts';

/** Compares first, as PagerDuty would notify the same people again. A resolved incident has no assignees: `Conflict`. */
export const reassignPagerDutyIncident = defineActivity({
  name: 'reassignPagerDutyIncident',
  kind: 'change',
  provider: 'pagerduty',
  summary: 'Assigns an incident to people, or to another escalation policy',
  permissions: ['incidents.read', 'incidents.write'],
  targets: ({ incidentId }) => [`pagerduty:${incidentId}`],
  causes: ['pagerduty.incident.reassigned', 'pagerduty.incident.delegated'],
  input: z
    .object({
      connection: connectionName,
      actor,
      incidentId: pagerDutyId,
      userIds: z.array(pagerDutyId).min(1).optional(),
      escalationPolicyId: pagerDutyId.optional(),
    })
    .refine(
      ({ userIds, escalationPolicyId }) => (userIds === undefined) !== (escalationPolicyId === undefined),
      'name either userIds or escalationPolicyId',
    ),
  output: changedIncident,
  example: { incidentId: 'Q1DWGPWQ3Y9XJR', userIds: ['PXPGF42'] },
  inverse: { activity: 'reassignPagerDutyIncident' },
  async look(input, { pagerduty, attempt: { signal } }) {
    const { connection, actor, incidentId, userIds, escalationPolicyId } = input;
    const client = await pagerduty(connection);
    const incident = await readIncident(client, incidentId, signal);
    if (incident.status === 'resolved') throw conflict('PagerDuty', `incident ${incidentId} is resolved`);
    if (isReached(input, incident)) return { done: { changed: false, incident } };
    const to = userIds ? userIds.join(', ') : `escalation policy ${escalationPolicyId}`;
    const fields = userIds ? `assignments=${userIds.join(',')}` : `escalation_policy=${escalationPolicyId}`;
    return {
      plan: {
        summary: `Assigns incident ${incidentId} "${incident.title}" to ${to}`,
        calls: [updateCall(incidentId, fields, client.from(actor))],
        values: {},
        before: placeOf(incident),
        after: userIds ? { userIds } : { escalationPolicyId },
        inverse: backTo(input, incident),
        output: { changed: true, incident: assigned(input, incident) },
      },
    };
  },
  async act(_, input, { pagerduty, attempt: { signal } }) {
    const { connection, actor, incidentId, userIds, escalationPolicyId } = input;
    const client = await pagerduty(connection);
    const reached = (incident: ReadIncident) => isReached(input, incident);
    const fields = userIds
      ? { assignments: userIds.map((id) => ({ assignee: { id, type: 'user_reference' } })) }
      : { escalation_policy: { id: escalationPolicyId, type: 'escalation_policy_reference' } };
    return updateIncident(client, incidentId, fields, { actor, signal, reached });
  },
});

interface Assigning {
  connection: string;
  incidentId: string;
  userIds?: string[] | undefined;
  escalationPolicyId?: string | undefined;
}

const isReached = (
  { userIds, escalationPolicyId }: Assigning,
  { assignees, escalationPolicy }: ReadIncident,
) => (userIds ? sameIds(userIds, assignees) : escalationPolicy?.id === escalationPolicyId);

const placeOf = ({ assignees, escalationPolicy }: ReadIncident) => ({
  userIds: assignees.map(({ id }) => id),
  ...(escalationPolicy ? { escalationPolicyId: escalationPolicy.id } : {}),
});

/** To the people who had it, or to the policy that it was on. */
function backTo({ connection, incidentId, userIds: wanted }: Assigning, incident: ReadIncident): Inverse {
  const { userIds, escalationPolicyId } = placeOf(incident);
  const activity = 'reassignPagerDutyIncident';
  if (wanted && userIds.length > 0) return { activity, input: { connection, incidentId, userIds } };
  if (escalationPolicyId) return { activity, input: { connection, incidentId, escalationPolicyId } };
  return { none: 'the incident was assigned to nobody' };
}

/** The incident as it will be. Whom a policy assigns it to is not known before. */
function assigned({ userIds, escalationPolicyId: id = '' }: Assigning, incident: ReadIncident): ReadIncident {
  if (!userIds) return { ...incident, assignees: [], escalationPolicy: { id, name: id } };
  const known = (userId: string) => incident.assignees.find((each) => each.id === userId);
  return { ...incident, assignees: userIds.map((userId) => known(userId) ?? { id: userId, name: userId }) };
}

function sameIds(userIds: readonly string[], assignees: ReadIncident['assignees']): boolean {
  const wanted = new Set(userIds);
  return wanted.size === assignees.length && assignees.every(({ id }) => wanted.has(id));
}
