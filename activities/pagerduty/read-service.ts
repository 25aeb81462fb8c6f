import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { decorative, listOf } from '../lenient.ts';
import { readSuccess } from './failures.ts';
import { named, reference } from './incident.ts';
import { pagerDutyId } from './input.ts';

const restService = z.object({
  id: z.string(),
  name: z.string(),
  description: decorative(z.string()),
  status: decorative(z.string()),
  escalation_policy: decorative(reference),
  teams: listOf(reference),
  html_url: decorative(z.string()),
});

export const readPagerDutyService = defineActivity({
  name: 'readPagerDutyService',
  kind: 'read',
  provider: 'pagerduty',
  summary: 'Reads a service and its escalation policy',
  permissions: ['services.read'],
  input: z.object({ connection: connectionName, serviceId: pagerDutyId }),
  output: named.extend({
    description: z.string().optional(),
    /** `active`, `warning`, `critical` (by its open incidents), `maintenance` or `disabled`. */
    status: z.string().optional(),
    escalationPolicy: named.optional(),
    teams: z.array(named),
    url: z.string(),
  }),
  example: { serviceId: 'PF9KMXH' },
  async run({ connection, serviceId }, { pagerduty, attempt: { signal } }) {
    const client = await pagerduty(connection);
    const answer = await client.get(`/services/${serviceId}`, {}, signal);
    const { service } = readSuccess(answer, z.object({ service: restService }));
    return {
      id: service.id,
      name: service.name,
      ...(service.description ? { description: service.description } : {}),
      ...(service.status ? { status: service.status } : {}),
      ...(service.escalation_policy ? { escalationPolicy: service.escalation_policy } : {}),
      teams: service.teams,
      url: service.html_url ?? '',
    };
  },
});
