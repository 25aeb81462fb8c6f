import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { conflict } from '../failures.ts';
import { changedIncident, readIncident } from './incident.ts';
import { pagerDutyId } from './input.ts';
import { updateCall, updateIncident } from './update-incident.ts';

const inverse = {
  none: 'PagerDuty takes no acknowledgement back: it ends after the time that its service allows',
} as const;

/**
 * Reads first. PagerDuty would reopen a resolved incident and assign it to the caller, so that one is a `Conflict`; it
 * offers no precondition, so a resolve in the moment between look and act is still undone. An incident that somebody
 * has acknowledged is left alone: who, is in `acknowledgers`.
 */
export const acknowledgePagerDutyIncident = defineActivity({
  name: 'acknowledgePagerDutyIncident',
  kind: 'change',
  provider: 'pagerduty',
  summary: 'Acknowledges an incident that is still open',
  permissions: ['incidents.read', 'incidents.write'],
  targets: ({ incidentId }) => [`pagerduty:${incidentId}`],
  causes: ['pagerduty.incident.acknowledged'],
  input: z.object({ connection: connectionName, actor, incidentId: pagerDutyId }),
  output: changedIncident,
  example: { incidentId: 'Q1DWGPWQ3Y9XJR' },
  inverse,
  async look({ connection, actor, incidentId }, { pagerduty, attempt: { signal } }) {
    const client = await pagerduty(connection);
    const incident = await readIncident(client, incidentId, signal);
    if (incident.status === 'resolved') throw conflict('PagerDuty', `incident ${incidentId} is resolved`);
    if (incident.status === 'acknowledged') return { done: { changed: false, incident } };
    const status = 'acknowledged' as const;
    return {
      plan: {
        summary: `Acknowledges incident ${incidentId} "${incident.title}"`,
        calls: [updateCall(incidentId, `status=${status}`, client.from(actor))],
        values: {},
        before: { status: incident.status },
        after: { status },
        inverse,
        output: { changed: true, incident: { ...incident, status } },
      },
    };
  },
  async act(_, { connection, actor, incidentId }, { pagerduty, attempt: { signal } }) {
    const client = await pagerduty(connection);
    const reached = ({ status }: { status: string }) => status === 'acknowledged';
    return updateIncident(client, incidentId, { status: 'acknowledged' }, { actor, signal, reached });
  },
});
