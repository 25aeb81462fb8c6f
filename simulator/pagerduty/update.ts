import { z } from 'zod';
import type { Account } from './account.ts';
import { RestError } from './rest-error.ts';
import { type Agent, byId, type Incident } from './world.ts';

export const updateFields = z.object({
  type: z.enum(['incident', 'incident_reference']),
  status: z.enum(['triggered', 'acknowledged', 'resolved']).optional(),
  resolution: z.string().optional(),
  title: z.string().min(1).optional(),
  urgency: z.enum(['high', 'low']).optional(),
  priority: z.union([z.string(), z.object({ id: z.string() })]).nullish(),
  escalation_level: z.int().optional(),
  assignments: z.array(z.object({ assignee: z.object({ id: z.string() }) })).optional(),
  escalation_policy: z.object({ id: z.string() }).optional(),
  conference_bridge: z
    .object({ conference_url: z.string().optional(), conference_number: z.string().optional() })
    .optional(),
});

/** PUT /incidents/{id}: makes the changes and tells each one that was made. */
export function updateIncident(
  account: Account,
  incident: Incident,
  fields: z.output<typeof updateFields>,
  by: Agent,
): { effect: string; detail?: unknown }[] {
  const { world } = account;
  const effects: { effect: string; detail?: unknown }[] = [];
  const { status, title, urgency, priority, escalation_level: level, assignments } = fields;

  if (status === 'resolved') {
    if (!account.resolve(incident, by, fields.resolution))
      throw new RestError(400, 1001, 'Incident Already Resolved');
    effects.push({ effect: 'incident resolved', detail: { resolution: fields.resolution } });
  } else if (status) {
    const reopened = incident.status === 'resolved';
    const changed =
      status === 'acknowledged' ? account.acknowledge(incident, by) : account.reopen(incident, by);
    if (changed) effects.push({ effect: reopened ? 'incident reopened' : `incident ${status}` });
  }
  if (level !== undefined) {
    if (incident.status === 'resolved' || !account.escalate(incident, level, by))
      throw new RestError(400, 1006, 'Cannot Escalate');
    effects.push({ effect: 'incident escalated', detail: { level } });
  }
  if (assignments) {
    const ids = assignments.map(({ assignee }) => assignee.id);
    if (!ids.every((id) => byId(world.users, id)))
      throw new RestError(400, 1007, 'Assigned To User Not Found');
    account.reassign(incident, ids, by);
    effects.push({ effect: 'incident reassigned', detail: { ids } });
  }
  if (fields.escalation_policy) {
    const { id } = fields.escalation_policy;
    if (!byId(world.policies, id)) throw new RestError(400, 1014, 'Escalation Policy Not Found');
    account.delegate(incident, id, by);
    effects.push({ effect: 'incident delegated', detail: { id } });
  }
  if (priority !== undefined) {
    const found = world.priorities.find(({ id, name }) =>
      typeof priority === 'string' ? name === priority : id === priority?.id,
    );
    if (priority !== null && !found) throw new RestError(400, 1020, 'Invalid Priority');
    if ((found?.id ?? null) !== incident.priorityId) {
      account.setPriority(incident, found?.id ?? null, by);
      effects.push({ effect: 'incident priority set', detail: { priority: found?.name ?? null } });
    }
  }
  const { conference_bridge: bridge } = fields;
  if (bridge) {
    const { conference_url: url = '', conference_number: number = '' } = bridge;
    account.setBridge(incident, { url, number }, by);
    effects.push({ effect: 'incident bridge set', detail: { url, number } });
  }
  if (title !== undefined && title !== incident.title) {
    account.edit(incident, { title }, by);
    effects.push({ effect: 'incident edited', detail: { title } });
  }
  if (urgency !== undefined && urgency !== incident.urgency) {
    account.edit(incident, { urgency }, by);
    effects.push({ effect: 'incident urgency set', detail: { urgency } });
  }
  return effects;
}
