import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { pagerDutyId } from './input.ts';
import { findResponder } from './responder.ts';

/** A refusal is an answer: it is what the person is told. */
export const checkPagerDutyResponder = defineActivity({
  name: 'checkPagerDutyResponder',
  kind: 'read',
  provider: 'pagerduty',
  summary:
    'Checks that a person may respond to an incident or on a service, by role and by team, policy or assignment',
  permissions: ['incidents.read', 'oncalls.read', 'services.read', 'users.read'],
  input: z
    .object({
      connection: connectionName,
      incidentId: pagerDutyId.exactOptional(),
      serviceId: pagerDutyId.exactOptional(),
      email: z.string().min(3).max(254),
    })
    .refine(
      ({ incidentId, serviceId }) => (incidentId === undefined) !== (serviceId === undefined),
      'name either incidentId or serviceId',
    ),
  output: z.union([
    z.object({ user: z.object({ id: z.string(), name: z.string(), email: z.string() }) }),
    z.object({ refusal: z.string() }),
  ]),
  example: { incidentId: 'Q1DWGPWQ3Y9XJR', email: 'ada@example.com' },
  async run({ connection, ...asked }, { pagerduty, attempt }) {
    return findResponder(await pagerduty(connection), asked, attempt.signal);
  },
});
