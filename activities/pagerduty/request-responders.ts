import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { refused } from '../failures.ts';
import { decorative, listOf } from '../lenient.ts';
import type { PagerDuty } from './client.ts';
import { failureFor, isSuccess, readSuccess } from './failures.ts';
import { pagerDutyId } from './input.ts';
import { cut } from './text.ts';
import { findUser } from './users.ts';

const target = z.object({ id: z.string(), type: decorative(z.string()) });

/** Who is asked for already. Both lists are missing where the plan lacks responder requests. */
const asked = z.object({
  incident: z.object({
    incidents_responders: listOf(z.object({ state: decorative(z.string()), user: decorative(target) })),
    responder_requests: listOf(
      z.object({
        responder_request_targets: listOf(
          z.union([
            z
              .object({ responder_request_target: target })
              .transform((wrapped) => wrapped.responder_request_target),
            target,
          ]),
        ),
      }),
    ),
  }),
});

/** How many people a policy may ask at once, so far as their events are to be known as ours. */
const mostOfPolicy = 10;

const inverse = { none: 'those who are asked have been notified' } as const;

/**
 * A repeat would notify people again, so those who are asked for already are left out; who declined stays asked.
 * The requester is the user whose e-mail the write is made with. Without the plan for it: `unavailable`.
 */
export const requestPagerDutyResponders = defineActivity({
  name: 'requestPagerDutyResponders',
  kind: 'change',
  onlyTells: true,
  provider: 'pagerduty',
  summary: 'Asks people or escalation policies to join an incident',
  permissions: ['incidents.read', 'incidents.write', 'users.read', 'coordinated_responding'],
  targets: ({ incidentId }) => [`pagerduty:${incidentId}`],
  // An event for each who is asked; how many a policy asks is known only there.
  causes: ({ userIds = [], escalationPolicyIds = [] }) =>
    Array.from(
      { length: userIds.length + escalationPolicyIds.length * mostOfPolicy },
      () => 'pagerduty.incident.responder.added',
    ),
  input: z
    .object({
      connection: connectionName,
      actor,
      incidentId: pagerDutyId,
      message: z.string().min(1),
      userIds: z.array(pagerDutyId).optional(),
      escalationPolicyIds: z.array(pagerDutyId).optional(),
    })
    .refine(
      ({ userIds = [], escalationPolicyIds = [] }) => userIds.length + escalationPolicyIds.length > 0,
      'name userIds or escalationPolicyIds',
    ),
  output: z.object({
    changed: z.boolean(),
    requested: z.array(z.string()).describe('Ids of those asked for now'),
    unavailable: z.string().optional(),
  }),
  example: {
    incidentId: 'Q1DWGPWQ3Y9XJR',
    message: 'Checkout does not come back after a restart',
    userIds: ['PXPGF42'],
  },
  inverse,
  async look(
    { connection, actor, incidentId, message, userIds = [], escalationPolicyIds = [] },
    { pagerduty, attempt: { signal } },
  ) {
    const client = await pagerduty(connection);
    const before = await askedFor(client, incidentId, signal);
    const targets = [
      ...userIds.map((id) => ({ id, type: 'user_reference' })),
      ...escalationPolicyIds.map((id) => ({ id, type: 'escalation_policy_reference' })),
    ].filter(({ id }) => !before.has(id));
    if (targets.length === 0) return { done: { changed: false, requested: [] } };

    const email = client.from(actor);
    const requester = await findUser(client, email, signal);
    if (!requester) throw refused('PagerDuty', `nobody has the e-mail ${email}`);
    const requested = targets.map(({ id }) => id);
    const said = JSON.stringify(cut(message, 100));
    return {
      plan: {
        summary: `Asks ${requested.join(', ')} to join incident ${incidentId}`,
        calls: [
          `POST /incidents/${incidentId}/responder_requests ${requested.join(',')} ${said}, From ${email}`,
        ],
        values: { requesterId: requester.id, targets },
        before: { asked: [...before] },
        after: { asked: [...before, ...requested] },
        inverse,
        output: { changed: true, requested },
      },
    };
  },
  async act({ values: { requesterId, targets } }, { connection, actor, incidentId, message }, context) {
    const client = await context.pagerduty(connection);
    const answer = await client.post(`/incidents/${incidentId}/responder_requests`, {
      body: {
        requester_id: requesterId,
        message: cut(message, 1024),
        responder_request_targets: targets.map((each) => ({ responder_request_target: each })),
      },
      actor,
      signal: context.attempt.signal,
    });
    if (answer.status === 402) return { changed: false, requested: [], unavailable: answer.reason };
    if (!isSuccess(answer)) throw failureFor(answer);
    return { changed: true, requested: targets.map(({ id }) => id) };
  },
});

async function askedFor(pagerduty: PagerDuty, incidentId: string, signal: AbortSignal): Promise<Set<string>> {
  const { incident } = readSuccess(await pagerduty.get(`/incidents/${incidentId}`, {}, signal), asked);
  const responders = incident.incidents_responders.map(({ user }) => user);
  const requests = incident.responder_requests.flatMap((request) => request.responder_request_targets);
  return new Set([...responders, ...requests].flatMap((each) => (each ? [each.id] : [])));
}
