import { steps } from './kit/activities.ts';
import { roomOpened } from './kit/room.ts';

export interface TellOverdueRunInput {
  runId: string;
  workflow: string;
  incidentId: string;
  /** The account that the incident is of. */
  connection: string;
  /** When it was to have ended. */
  dueAt: string;
  whenOverdue: 'warn' | 'page' | 'cancel';
}

const next = {
  warn: 'See how far it got',
  page: 'See how far it got',
  cancel: 'It is told to stop',
} as const;

/** Tells those who work on an incident, in its room, that a run for it has not ended in its time. */
export async function tellOverdueRun(overdue: TellOverdueRunInput): Promise<string> {
  const { runId, workflow, incidentId, connection, dueAt, whenOverdue } = overdue;
  const room = await roomOpened({ connection, incidentId });
  // The record has it, and whoever is paged.
  if (!room) return 'no room';
  const text = `${workflow} has not ended by ${dueAt}, when it was to. ${next[whenOverdue]}: baton runs show ${runId}`;
  await steps.postSlackMessage({ channelId: room.channelId, text });
  return 'told';
}
