import { z } from 'zod';
import type { Actor, Attempt } from '../activity.ts';
import { decorative, membersOf } from '../lenient.ts';
import type { PagerDuty } from './client.ts';
import { readSuccess } from './failures.ts';
import { reference } from './incident.ts';

/** PagerDuty refuses a note on an incident that has this many. */
const maxNotes = 2000;

const restNote = z.object({
  id: z.string(),
  content: z.string().catch(''),
  created_at: decorative(z.string()),
  user: decorative(reference),
});

export async function readNotes(pagerduty: PagerDuty, incidentId: string, signal: AbortSignal) {
  const answer = await pagerduty.get(`/incidents/${incidentId}/notes`, {}, signal);
  return readSuccess(answer, z.object({ notes: membersOf(restNote) })).notes;
}

export interface Noted {
  changed: boolean;
  noteId?: string;
  /** Why there is no note. */
  reason?: string;
}

/**
 * Adds a note once per effect. PagerDuty would take the same note twice, so the effect's key stands at the end of the
 * text and is looked for first. An incident that is full of notes stays as it is.
 */
export async function noteOnce(
  pagerduty: PagerDuty,
  incidentId: string,
  note: string,
  { actor, attempt: { key, signal, mark } }: { actor: Actor | undefined; attempt: Attempt },
): Promise<Noted> {
  const marker = `(baton ${key})`;
  const notes = await readNotes(pagerduty, incidentId, signal);
  const earlier = notes.find(({ content }) => content.trimEnd().endsWith(marker));
  if (earlier) return { changed: false, noteId: earlier.id };
  if (notes.length >= maxNotes)
    return { changed: false, reason: `the incident has ${maxNotes} notes already` };

  const content = [mark, note.toWellFormed(), '', marker].filter((line) => line !== undefined).join('\n');
  const body = { note: { content } };
  const answer = await pagerduty.post(`/incidents/${incidentId}/notes`, { body, actor, signal });
  return { changed: true, noteId: readSuccess(answer, z.object({ note: restNote })).note.id };
}
