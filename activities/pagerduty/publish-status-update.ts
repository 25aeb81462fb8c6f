import { z } from 'zod';
import { type Attempt, actor, connectionName, defineActivity } from '../activity.ts';
import type { PagerDuty } from './client.ts';
import { failureFor, isSuccess } from './failures.ts';
import { readIncidentLog } from './incident-log.ts';
import { pagerDutyId } from './input.ts';

const inverse = { none: 'it has been read: a further update can correct it' } as const;

/** Clocks differ: ours said when an earlier attempt began. */
const clockSkewMs = 60_000;

/**
 * PagerDuty takes the same update twice and lists none. After an attempt that may have published it the incident's log is read; where that
 * does not tell of it, nothing is published again, and `unconfirmed` says so: people outside are not to be told twice.
 * https://developer.pagerduty.com/api-reference/: Create a status update on an incident
 */
export const publishPagerDutyStatusUpdate = defineActivity({
  name: 'publishPagerDutyStatusUpdate',
  kind: 'change',
  onlyTells: true,
  provider: 'pagerduty',
  summary: 'Tells the stakeholders who follow an incident how it stands',
  permissions: ['incidents.read', 'incidents.write'],
  targets: ({ incidentId }) => [`pagerduty:${incidentId}`],
  causes: ['pagerduty.incident.status_update_published'],
  input: z.object({
    connection: connectionName,
    actor,
    incidentId: pagerDutyId,
    message: z.string().regex(/\S/, 'must say something').max(2_000),
  }),
  output: z.object({ changed: z.boolean(), unconfirmed: z.boolean().optional() }),
  example: {
    incidentId: 'Q1DWGPWQ3Y9XJR',
    message: 'Checkout is slow for some customers. The next word comes at 14:00.',
  },
  inverse,
  async look({ connection, actor, incidentId, message }, { pagerduty, attempt }) {
    const client = await pagerduty(connection);
    if (attempt.uncertainSince !== undefined) {
      const isTold = await wasPublished(client, incidentId, message, {
        ...attempt,
        uncertainSince: attempt.uncertainSince,
      });
      return { done: isTold ? { changed: false } : { changed: false, unconfirmed: true } };
    }
    return {
      plan: {
        summary: `Publishes a status update on incident ${incidentId}`,
        calls: [
          `POST /incidents/${incidentId}/status_updates ${JSON.stringify(message)}, From ${client.from(actor)}`,
        ],
        values: {},
        inverse,
        output: { changed: true },
      },
    };
  },
  async act(_, { connection, actor, incidentId, message }, { pagerduty, attempt: { mark, signal } }) {
    const client = await pagerduty(connection);
    const words = [mark, message.toWellFormed()].filter((part) => part !== undefined).join(' ');
    const path = `/incidents/${incidentId}/status_updates`;
    const answer = await client.post(path, { body: { message: words }, actor, signal });
    if (!isSuccess(answer)) throw failureFor(answer);
    return { changed: true };
  },
});

/** Whether the log has an entry of it since the attempt that may have made it. A note with the same words is none. */
async function wasPublished(
  pagerduty: PagerDuty,
  incidentId: string,
  message: string,
  { uncertainSince, signal }: Attempt & { uncertainSince: string },
): Promise<boolean> {
  const since = new Date(Date.parse(uncertainSince) - clockSkewMs).toISOString();
  const log = await readIncidentLog(pagerduty, incidentId, { since }, signal);
  const words = JSON.stringify(message.toWellFormed()).slice(1, -1);
  return (
    log?.some((entry) => !entry.type.startsWith('annotate') && JSON.stringify(entry).includes(words)) ?? false
  );
}
