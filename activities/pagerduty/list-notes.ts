import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { person } from './incident.ts';
import { pagerDutyId } from './input.ts';
import { readNotes } from './notes.ts';
import { bounded, boundedList } from './text.ts';

export const listPagerDutyNotes = defineActivity({
  name: 'listPagerDutyNotes',
  kind: 'read',
  provider: 'pagerduty',
  summary: 'Lists the notes of an incident',
  permissions: ['incidents.read'],
  input: z.object({ connection: connectionName, incidentId: pagerDutyId }),
  output: z.object({
    notes: z.array(
      z.object({
        id: z.string(),
        text: z.string(),
        by: person.optional(),
        at: z.string().optional(),
        truncated: z.boolean().optional(),
      }),
    ),
    truncated: z.boolean(),
  }),
  example: { incidentId: 'Q1DWGPWQ3Y9XJR' },
  async run({ connection, incidentId }, { pagerduty, attempt: { signal } }) {
    const all = await readNotes(await pagerduty(connection), incidentId, signal);
    const notes = all.map(({ id, content, user, created_at }) => ({
      id,
      ...bounded(content),
      ...(user ? { by: user } : {}),
      ...(created_at ? { at: created_at } : {}),
    }));
    const { items, truncated } = boundedList(notes);
    return { notes: items, truncated: truncated === true };
  },
});
