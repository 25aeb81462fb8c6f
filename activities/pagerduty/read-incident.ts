import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { incidentSchema, readIncident } from './incident.ts';
import { pagerDutyId } from './input.ts';

export const readPagerDutyIncident = defineActivity({
  name: 'readPagerDutyIncident',
  kind: 'read',
  provider: 'pagerduty',
  summary: 'Reads an incident as it is now',
  permissions: ['incidents.read'],
  input: z.object({ connection: connectionName, incidentId: pagerDutyId }),
  output: incidentSchema,
  example: { incidentId: 'Q1DWGPWQ3Y9XJR' },
  async run({ connection, incidentId }, { pagerduty, attempt }) {
    return readIncident(await pagerduty(connection), incidentId, attempt.signal);
  },
});
