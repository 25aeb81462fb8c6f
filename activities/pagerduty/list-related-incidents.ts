import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { decorative, listOf, membersOf } from '../lenient.ts';
import { isWithheld, readSuccess } from './failures.ts';
import { pagerDutyId } from './input.ts';
import { otherIncident, restOtherIncident, toOtherIncident } from './other-incident.ts';

const page = z.object({
  related_incidents: membersOf(
    z.object({
      incident: restOtherIncident,
      relationships: listOf(z.object({ type: decorative(z.string()) })),
    }),
  ),
});

export const listPagerDutyRelatedIncidents = defineActivity({
  name: 'listPagerDutyRelatedIncidents',
  kind: 'read',
  provider: 'pagerduty',
  summary: 'Lists the newest incidents that people and other services have with this one, 20 at most',
  permissions: ['incidents.read'],
  input: z.object({ connection: connectionName, incidentId: pagerDutyId }),
  output: z.union([
    z.object({
      incidents: z.array(
        otherIncident.extend({
          relations: z
            .array(z.string())
            .describe('Why PagerDuty relates it: `machine_learning_inferred`, `service_dependency`'),
        }),
      ),
    }),
    z.object({ unavailable: z.string() }),
  ]),
  example: { incidentId: 'Q1DWGPWQ3Y9XJR' },
  async run({ connection, incidentId }, { pagerduty, attempt: { signal } }) {
    const client = await pagerduty(connection);
    const query = { 'additional_details[]': ['incident'] };
    const answer = await client.get(`/incidents/${incidentId}/related_incidents`, query, signal);
    if (isWithheld(answer)) return { unavailable: answer.reason };
    const incidents = readSuccess(answer, page).related_incidents.map(({ incident, relationships }) => ({
      ...toOtherIncident(incident),
      relations: relationships.flatMap(({ type }) => (type ? [type] : [])),
    }));
    return { incidents };
  },
});
