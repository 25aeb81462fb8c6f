import { z } from 'zod';
import type { Actor, Attempt } from '../activity.ts';
import { decorative, membersOf } from '../lenient.ts';
import type { PagerDuty } from './client.ts';
import { readSuccess } from './failures.ts';
import { reference } from './incident.ts';
import { cut } from './text.ts';

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

export const notesAreFull = `the incident has ${maxNotes} notes already`;

/** The id of a note that is not there yet. */
export const plannedNote = 'planned';

/** PagerDuty would take the same note twice, so the effect's key stands at the end of the text. */
const markerOf = ({ key }: Attempt) => `(baton ${key})`;

/**
 * The note that an earlier attempt at this effect has added; `full` where the incident takes no more: it then stays as it is.
 */
export async function findNote(
  pagerduty: PagerDuty,
  incidentId: string,
  attempt: Attempt,
): Promise<{ id: string } | 'none' | 'full'> {
  const notes = await readNotes(pagerduty, incidentId, attempt.signal);
  const earlier = notes.find(({ content }) => content.trimEnd().endsWith(markerOf(attempt)));
  if (earlier) return earlier;
  return notes.length >= maxNotes ? 'full' : 'none';
}

/** Adds a note, and gives its id. Only where `findNote` has found none. */
export async function writeNote(
  pagerduty: PagerDuty,
  incidentId: string,
  note: string,
  { actor, attempt }: { actor: Actor | undefined; attempt: Attempt },
): Promise<string> {
  const lines = [attempt.mark, note.toWellFormed(), '', markerOf(attempt)];
  const body = { note: { content: lines.filter((line) => line !== undefined).join('\n') } };
  const { signal } = attempt;
  const answer = await pagerduty.post(`/incidents/${incidentId}/notes`, { body, actor, signal });
  return readSuccess(answer, z.object({ note: restNote })).note.id;
}

/** The call of `writeNote`, for a plan. */
export const noteCall = (incidentId: string, note: string, from: string) =>
  `POST /incidents/${incidentId}/notes ${JSON.stringify(cut(note, 100))}, From ${from}`;
