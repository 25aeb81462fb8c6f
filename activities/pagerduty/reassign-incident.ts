import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { conflict } from '../failures.ts';
import { changedIncident, type Incident, readIncident } from './incident.ts';
import { pagerDutyId } from './input.ts';
import { updateIncident } from './update-incident.ts';

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
  async run(
    { connection, actor, incidentId, userIds, escalationPolicyId },
    { pagerduty, attempt: { signal } },
  ) {
    const client = await pagerduty(connection);
    const reached = ({ assignees, escalationPolicy }: Incident) =>
      userIds ? sameIds(userIds, assignees) : escalationPolicy?.id === escalationPolicyId;
    const incident = await readIncident(client, incidentId, signal);
    if (incident.status === 'resolved') throw conflict('PagerDuty', `incident ${incidentId} is resolved`);
    if (reached(incident)) return { changed: false, incident };
    const fields = userIds
      ? { assignments: userIds.map((id) => ({ assignee: { id, type: 'user_reference' } })) }
      : { escalation_policy: { id: escalationPolicyId, type: 'escalation_policy_reference' } };
    return updateIncident(client, incidentId, fields, { actor, signal, reached });
  },
});

function sameIds(userIds: readonly string[], assignees: Incident['assignees']): boolean {
  const wanted = new Set(userIds);
  return wanted.size === assignees.length && assignees.every(({ id }) => wanted.has(id));
}
