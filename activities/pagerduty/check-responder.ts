import { z } from 'zod';
import { authorize } from '../../domain/rights.ts';
import { connectionName, defineActivity } from '../activity.ts';
import { pagerDutyId } from './input.ts';
import { findResponder } from './responder.ts';

/** A refusal is an answer: it is what the person is told. */
export const checkPagerDutyResponder = defineActivity({
  name: 'checkPagerDutyResponder',
  kind: 'read',
  provider: 'pagerduty',
  summary:
    'Checks that a person may respond to an incident or on a service: by their role in Baton and at PagerDuty, and by team, policy or assignment',
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
    z.object({ refusal: z.string(), advice: z.string().optional().describe('How they would be allowed') }),
  ]),
  example: { incidentId: 'Q1DWGPWQ3Y9XJR', email: 'ada@example.com' },
  async run({ connection, ...asked }, { pagerduty, baton, attempt }) {
    const role = await baton.roleOf(asked.email);
    const authorization = authorize(
      { kind: 'person', name: asked.email.toLowerCase(), role },
      'incidents.change',
    );
    if (!authorization.allowed) return { refusal: authorization.reason };
    return findResponder(await pagerduty(connection), asked, attempt.signal);
  },
});
