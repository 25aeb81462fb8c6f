import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { pagerDutyId } from './input.ts';
import { findNote, noteCall, notesAreFull, plannedNote, writeNote } from './notes.ts';

const inverse = { none: 'PagerDuty keeps the notes of an incident' } as const;

/** Plain text: PagerDuty shows a note as it is. Without `noteId` the incident took no more notes, and `reason` says so. */
export const addPagerDutyNote = defineActivity({
  name: 'addPagerDutyNote',
  kind: 'change',
  onlyTells: true,
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
  example: { incidentId: 'Q1DWGPWQ3Y9XJR', note: 'Restarted shop/checkout; the rollout is complete.' },
  inverse,
  async look({ connection, actor, incidentId, note }, { pagerduty, attempt }) {
    const client = await pagerduty(connection);
    const found = await findNote(client, incidentId, attempt);
    if (found === 'full') return { done: { changed: false, reason: notesAreFull } };
    if (found !== 'none') return { done: { changed: false, noteId: found.id } };
    return {
      plan: {
        summary: `Adds a note to incident ${incidentId}`,
        calls: [noteCall(incidentId, note, client.from(actor))],
        values: {},
        inverse,
        output: { changed: true, noteId: plannedNote },
      },
    };
  },
  async act(_, { connection, actor, incidentId, note }, { pagerduty, attempt }) {
    const noteId = await writeNote(await pagerduty(connection), incidentId, note, { actor, attempt });
    return { changed: true, noteId };
  },
});
