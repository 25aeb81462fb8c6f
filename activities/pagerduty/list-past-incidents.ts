import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { decorative, membersOf } from '../lenient.ts';
import { isWithheld, readSuccess } from './failures.ts';
import { pagerDutyId } from './input.ts';
import { otherIncident, restOtherIncident, toOtherIncident } from './other-incident.ts';

/** The most that are of use to people. */
const listedAtMost = 10;

const page = z.object({
  past_incidents: membersOf(z.object({ incident: restOtherIncident })),
  total: decorative(z.number()),
});

/** `total`: how many there were, where PagerDuty counts more than are listed. */
export const listPagerDutyPastIncidents = defineActivity({
  name: 'listPagerDutyPastIncidents',
  kind: 'read',
  provider: 'pagerduty',
  summary: 'Lists the incidents like this one that its service has had within six months, the newest first',
  permissions: ['incidents.read'],
  input: z.object({ connection: connectionName, incidentId: pagerDutyId }),
  output: z.union([
    z.object({ incidents: z.array(otherIncident), total: z.number() }),
    z.object({ unavailable: z.string() }),
  ]),
  example: { incidentId: 'Q1DWGPWQ3Y9XJR' },
  async run({ connection, incidentId }, { pagerduty, attempt: { signal } }) {
    const client = await pagerduty(connection);
    const query = { limit: String(listedAtMost), total: 'true' };
    const answer = await client.get(`/incidents/${incidentId}/past_incidents`, query, signal);
    if (isWithheld(answer)) return { unavailable: answer.reason };
    const { past_incidents: found, total } = readSuccess(answer, page);
    const incidents = found
      .map(({ incident }) => toOtherIncident(incident))
      .filter(({ id }) => id !== incidentId)
      .sort((one, other) => Date.parse(other.createdAt ?? '') - Date.parse(one.createdAt ?? ''));
    return { incidents, total: Math.max(total ?? 0, incidents.length) };
  },
});
