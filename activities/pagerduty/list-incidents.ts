import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { incidentPage, incidentSchema, withPeople } from './incident.ts';
import { pagerDutyId, time } from './input.ts';
import { readPages } from './pages.ts';
import { boundedList } from './text.ts';

const sixMonthsMs = 184 * 24 * 3600 * 1000;

/** PagerDuty's own default is the last month. `truncated`: there are more than fit into a result. */
export const listPagerDutyIncidents = defineActivity({
  name: 'listPagerDutyIncidents',
  kind: 'read',
  provider: 'pagerduty',
  summary: 'Lists incidents by time, status, service, assignee or key',
  permissions: ['incidents.read'],
  input: z
    .object({
      connection: connectionName,
      since: time.optional(),
      until: time.optional(),
      statuses: z.array(incidentSchema.shape.status).optional(),
      serviceIds: z.array(pagerDutyId).optional(),
      userIds: z.array(pagerDutyId).optional(),
      incidentKey: z.string().min(1).optional(),
    })
    .refine(
      ({ since, until }) =>
        !since || (until ? Date.parse(until) : Date.now()) - Date.parse(since) <= sixMonthsMs,
      'the time between since and until is at most six months',
    ),
  output: z.object({ incidents: z.array(incidentSchema), truncated: z.boolean() }),
  example: { statuses: ['triggered', 'acknowledged'], serviceIds: ['PF9KMXH'] },
  async run(
    { connection, since, until, statuses, serviceIds, userIds, incidentKey },
    { pagerduty, attempt: { signal } },
  ) {
    const query = {
      since,
      until,
      'statuses[]': statuses,
      'service_ids[]': serviceIds,
      'user_ids[]': userIds,
      incident_key: incidentKey,
      // One with the key may have been open for longer than the month that PagerDuty looks back.
      date_range: incidentKey !== undefined && since === undefined && until === undefined ? 'all' : undefined,
      'include[]': withPeople,
    };
    const page = incidentPage.transform(({ incidents }) => incidents);
    const all = await readPages(await pagerduty(connection), '/incidents', query, page, signal);
    const { items, truncated } = boundedList(all.items);
    return { incidents: items, truncated: all.truncated || truncated === true };
  },
});
