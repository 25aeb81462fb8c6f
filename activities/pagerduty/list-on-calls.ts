import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { invalidInput } from '../failures.ts';
import { pagerDutyId, time } from './input.ts';
import { onCallSchema, readOnCalls } from './on-calls.ts';

const ninetyDaysMs = 90 * 24 * 3600 * 1000;

/** True at that moment only: read at each use, never kept over a wait. PagerDuty looks at most 90 days ahead. */
export const listPagerDutyOnCalls = defineActivity({
  name: 'listPagerDutyOnCalls',
  kind: 'read',
  provider: 'pagerduty',
  summary: 'Lists who is on call, by escalation policy or schedule',
  permissions: ['oncalls.read', 'users.read'],
  input: z
    .object({
      connection: connectionName,
      escalationPolicyIds: z.array(pagerDutyId).min(1).optional(),
      scheduleIds: z.array(pagerDutyId).min(1).optional(),
      at: time.optional().describe('Now, when left out'),
    })
    .refine(
      ({ escalationPolicyIds, scheduleIds }) => escalationPolicyIds ?? scheduleIds,
      'name escalationPolicyIds or scheduleIds',
    ),
  output: z.object({ onCalls: z.array(onCallSchema), truncated: z.boolean() }),
  example: { escalationPolicyIds: ['PT20YPA'] },
  async run({ connection, escalationPolicyIds, scheduleIds, at }, { pagerduty, attempt: { signal } }) {
    if (at && Date.parse(at) > Date.now() + ninetyDaysMs)
      throw invalidInput('PagerDuty', 'at is more than 90 days ahead');
    const query = {
      'escalation_policy_ids[]': escalationPolicyIds,
      'schedule_ids[]': scheduleIds,
      since: at,
      until: at,
    };
    return readOnCalls(await pagerduty(connection), query, signal);
  },
});
