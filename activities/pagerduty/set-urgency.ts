import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { conflict } from '../failures.ts';
import { changedIncident, incidentSchema, readIncident } from './incident.ts';
import { pagerDutyId } from './input.ts';
import { updateCall, updateIncident } from './update-incident.ts';

/** How loudly PagerDuty calls for an incident, by its service's rules for each of the two. PagerDuty sends no webhook for it. */
export const setPagerDutyIncidentUrgency = defineActivity({
  name: 'setPagerDutyIncidentUrgency',
  kind: 'change',
  provider: 'pagerduty',
  summary: 'Sets the urgency of an incident',
  permissions: ['incidents.read', 'incidents.write'],
  targets: ({ incidentId }) => [`pagerduty:${incidentId}`],
  input: z.object({
    connection: connectionName,
    actor,
    incidentId: pagerDutyId,
    urgency: incidentSchema.shape.urgency,
  }),
  output: changedIncident,
  example: { incidentId: 'Q1DWGPWQ3Y9XJR', urgency: 'low' },
  inverse: { activity: 'setPagerDutyIncidentUrgency' },
  async look({ connection, actor, incidentId, urgency }, { pagerduty, attempt: { signal } }) {
    const client = await pagerduty(connection);
    const incident = await readIncident(client, incidentId, signal);
    if (incident.status === 'resolved') throw conflict('PagerDuty', `incident ${incidentId} is resolved`);
    if (incident.urgency === urgency) return { done: { changed: false, incident } };
    return {
      plan: {
        summary: `Sets the urgency of incident ${incidentId} "${incident.title}" to ${urgency}`,
        calls: [updateCall(incidentId, `urgency=${urgency}`, client.from(actor))],
        values: {},
        before: { urgency: incident.urgency },
        after: { urgency },
        inverse: {
          activity: 'setPagerDutyIncidentUrgency',
          input: { connection, incidentId, urgency: incident.urgency },
        },
        output: { changed: true, incident: { ...incident, urgency } },
      },
    };
  },
  async act(_, { connection, actor, incidentId, urgency }, { pagerduty, attempt: { signal } }) {
    return updateIncident(
      await pagerduty(connection),
      incidentId,
      { urgency },
      { actor, signal, reached: (incident) => incident.urgency === urgency },
    );
  },
});
