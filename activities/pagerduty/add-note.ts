import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { pagerDutyId } from './input.ts';
import { noteOnce } from './notes.ts';

/** Plain text: PagerDuty shows a note as it is. Without `noteId` the incident took no more notes, and `reason` says so. */
export const addPagerDutyNote = defineActivity({
  name: 'addPagerDutyNote',
  kind: 'change',
  provider: 'pagerduty',
  summary: 'Adds a note to an incident',
  permissions: ['incidents.read', 'incidents.write'],
  causes: ['pagerduty.incident.annotated'],
  input: z.object({
    connection: connectionName,
    actor,
    incidentId: pagerDutyId,
    note: z.string().min(1).max(20_000),
  }),
  output: z.object({
    changed: z.boolean(),
    noteId: z.string().optional(),
    reason: z.string().optional(),
  }),
  async run({ connection, actor, incidentId, note }, { pagerduty, attempt }) {
    return noteOnce(await pagerduty(connection), incidentId, note, { actor, attempt });
  },
});
