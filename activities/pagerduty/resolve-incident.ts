import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { changedIncident, readIncident } from './incident.ts';
import { pagerDutyId } from './input.ts';
import { noteOnce } from './notes.ts';
import { updateIncident } from './update-incident.ts';

/**
 * PagerDuty keeps `resolution` in the log but does not show it, so a note says it too. The note goes first: a repeat
 * finds it, and nothing is left to do once the incident is resolved. One that is resolved already gets no note.
 */
export const resolvePagerDutyIncident = defineActivity({
  name: 'resolvePagerDutyIncident',
  kind: 'change',
  provider: 'pagerduty',
  summary: 'Resolves an incident and says what was checked',
  permissions: ['incidents.read', 'incidents.write'],
  targets: ({ incidentId }) => [`pagerduty:${incidentId}`],
  // Our note, and the one that PagerDuty makes of a resolution.
  causes: ['pagerduty.incident.resolved', 'pagerduty.incident.annotated', 'pagerduty.incident.annotated'],
  input: z.object({
    connection: connectionName,
    actor,
    incidentId: pagerDutyId,
    evidence: z.string().min(1).max(20_000).describe('What was checked, or why nothing was'),
  }),
  output: changedIncident,
  async run({ connection, actor, incidentId, evidence }, { pagerduty, attempt }) {
    const { signal } = attempt;
    const client = await pagerduty(connection);
    const incident = await readIncident(client, incidentId, signal);
    if (incident.status === 'resolved') return { changed: false, incident };
    await noteOnce(client, incidentId, `Resolving: ${evidence}`, { actor, attempt });
    const reached = ({ status }: typeof incident) => status === 'resolved';
    const fields = { status: 'resolved', resolution: evidence.toWellFormed() };
    return updateIncident(client, incidentId, fields, { actor, signal, reached });
  },
});
