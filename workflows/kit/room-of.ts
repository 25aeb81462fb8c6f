import { defaultConnection, incidentOfSubject, markOf, subjectOf } from '../../domain/subject.ts';
import { engine, runCause } from './run.ts';

/** The channel of an incident's war room, once a run has opened one. The store tells it, so that Slack need not be there. */
export async function roomOf(subject: string): Promise<string | undefined> {
  const incident = incidentOfSubject(subject);
  if (!incident) return undefined;
  const room = `slack-room:${markOf(incident.connection, incident.incidentId)}`;
  const target = subjectOf(runCause()?.connections?.slack ?? defaultConnection, room);
  const made = await engine.lastMade({ activity: 'openSlackWarRoom', target });
  const { channelId } = (made ?? {}) as { channelId?: unknown };
  return typeof channelId === 'string' ? channelId : undefined;
}
