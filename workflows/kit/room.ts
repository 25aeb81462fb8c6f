import { patched } from '@temporalio/workflow';
import { defaultConnection, markOf, subjectOf } from '../../domain/subject.ts';
import { formerStep } from './activities.ts';
import { engine, runCause } from './run.ts';

/** A channel of Slack in which people work on an incident. */
export interface Room {
  channelId: string;
  url: string;
}

/**
 * The room that Baton has opened last for an incident of the run's account, by what the store keeps of its own changes; it keeps them for as long as
 * a run that made one lives. It may be archived by now. Slack itself can only be asked for all channels of the workspace.
 */
export async function roomOf(incidentId: string): Promise<Room | undefined> {
  if (patched('room-in-store'))
    return roomOpened({ connection: runCause()?.connection ?? defaultConnection, incidentId });
  const { room } = (await formerStep('findSlackWarRoom', { incidentId })) as { room: Room | null };
  return room ?? undefined;
}

/** The same for an incident of any account. */
export async function roomOpened({
  connection,
  incidentId,
}: {
  connection: string;
  incidentId: string;
}): Promise<Room | undefined> {
  const slack = runCause()?.connections?.slack ?? defaultConnection;
  const target = subjectOf(slack, `slack-room:${markOf(connection, incidentId)}`);
  const made = await engine.lastMade({ activity: 'openSlackWarRoom', target });
  return isRoom(made) ? made : undefined;
}

function isRoom(made: unknown): made is Room {
  const { channelId, url } = (made ?? {}) as Partial<Record<keyof Room, unknown>>;
  return typeof channelId === 'string' && typeof url === 'string';
}
