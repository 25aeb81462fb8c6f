import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { conflict } from '../failures.ts';
import { decorative } from '../lenient.ts';
import type { PagerDuty } from './client.ts';
import { readSuccess } from './failures.ts';
import { incidentSchema } from './incident.ts';
import { pagerDutyId } from './input.ts';
import { updateCall, updateIncident } from './update-incident.ts';

/** The bridge is told only where it is asked for. */
const withBridge = z.object({
  incident: z.object({
    status: incidentSchema.shape.status,
    title: decorative(z.string()),
    conference_bridge: decorative(
      z.object({ conference_url: decorative(z.string()), conference_number: decorative(z.string()) }),
    ),
  }),
});

/**
 * The address at which people meet: a call, or a channel in Slack. A number to dial stays as it is. An incident that has an address of
 * its own keeps it where `unlessSet` says so.
 */
export const setPagerDutyIncidentBridge = defineActivity({
  name: 'setPagerDutyIncidentBridge',
  kind: 'change',
  onlyTells: true,
  provider: 'pagerduty',
  summary: 'Sets the conference bridge of an incident: the address at which people meet',
  permissions: ['incidents.read', 'incidents.write'],
  targets: ({ incidentId }) => [`pagerduty:${incidentId}`],
  causes: ['pagerduty.incident.conference_bridge.updated'],
  input: z.object({
    connection: connectionName,
    actor,
    incidentId: pagerDutyId,
    url: z.url({ protocol: /^https$/ }),
    unlessSet: z.boolean().optional().describe('An incident that has an address keeps it'),
  }),
  output: z.object({ changed: z.boolean(), url: z.string().describe('The address that it has now') }),
  example: { incidentId: 'Q1DWGPWQ3Y9XJR', url: 'https://meet.example.com/checkout' },
  inverse: { activity: 'setPagerDutyIncidentBridge' },
  async look({ connection, actor, incidentId, url, unlessSet }, { pagerduty, attempt: { signal } }) {
    const client = await pagerduty(connection);
    const { status, title, conference_bridge: bridge } = await readBridge(client, incidentId, signal);
    if (status === 'resolved') throw conflict('PagerDuty', `incident ${incidentId} is resolved`);
    const now = bridge?.conference_url;
    if (now && (now === url || unlessSet)) return { done: { changed: false, url: now } };
    return {
      plan: {
        summary: `Sets the bridge of incident ${incidentId} "${title ?? ''}" to ${url}`,
        calls: [updateCall(incidentId, `conference_url=${url}`, client.from(actor))],
        values: { number: bridge?.conference_number ?? null },
        before: { url: now ?? null },
        after: { url },
        inverse: now
          ? { activity: 'setPagerDutyIncidentBridge', input: { connection, incidentId, url: now } }
          : { none: 'the incident had no bridge' },
        output: { changed: true, url },
      },
    };
  },
  async act({ values, output }, { connection, actor, incidentId, url }, { pagerduty, attempt: { signal } }) {
    const client = await pagerduty(connection);
    const number = values.number === null ? {} : { conference_number: values.number };
    const fields = { conference_bridge: { ...number, conference_url: url } };
    await updateIncident(client, incidentId, fields, { actor, signal, reached: () => false });
    return output;
  },
});

async function readBridge(pagerduty: PagerDuty, incidentId: string, signal: AbortSignal) {
  const query = { 'include[]': ['conference_bridge'] };
  return readSuccess(await pagerduty.get(`/incidents/${incidentId}`, query, signal), withBridge).incident;
}
