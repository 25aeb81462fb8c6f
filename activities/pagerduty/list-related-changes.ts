import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { membersOf } from '../lenient.ts';
import { restChangeEvent } from './change-events.ts';
import { isWithheld, readSuccess } from './failures.ts';
import { pagerDutyId } from './input.ts';
import { boundedFields, cut } from './text.ts';

const change = z.object({
  id: z.string(),
  summary: z.string(),
  source: z.string().optional(),
  at: z.string().optional(),
  /** Why PagerDuty relates it: `most_recent`, `related_service`, … */
  relation: z.string().optional(),
  details: z.record(z.string(), z.unknown()),
  links: z.array(z.object({ href: z.string(), text: z.string().optional() })),
  truncated: z.boolean().optional(),
});

const toChange = (rest: z.output<typeof restChangeEvent>): z.infer<typeof change> => {
  const { fields, truncated } = boundedFields(rest.custom_details ?? {});
  return {
    id: rest.id,
    summary: cut(rest.summary ?? '', 1024),
    ...(rest.source ? { source: rest.source } : {}),
    ...(rest.timestamp ? { at: rest.timestamp } : {}),
    ...(rest.correlation_reason?.reason ? { relation: rest.correlation_reason.reason } : {}),
    details: fields,
    links: (rest.links ?? []).map(({ href, text }) => ({ href, ...(text ? { text } : {}) })),
    ...(truncated ? { truncated } : {}),
  };
};

export const listPagerDutyRelatedChanges = defineActivity({
  name: 'listPagerDutyRelatedChanges',
  kind: 'read',
  provider: 'pagerduty',
  summary: 'Lists the changes that PagerDuty relates to an incident',
  permissions: ['incidents.read'],
  input: z.object({ connection: connectionName, incidentId: pagerDutyId }),
  output: z.union([z.object({ changes: z.array(change) }), z.object({ unavailable: z.string() })]),
  example: { incidentId: 'Q1DWGPWQ3Y9XJR' },
  async run({ connection, incidentId }, { pagerduty, attempt: { signal } }) {
    const client = await pagerduty(connection);
    const answer = await client.get(
      `/incidents/${incidentId}/related_change_events`,
      { limit: '25' },
      signal,
    );
    if (isWithheld(answer)) return { unavailable: answer.reason };
    const page = z.object({ change_events: membersOf(restChangeEvent.transform(toChange)) });
    return { changes: readSuccess(answer, page).change_events };
  },
});
