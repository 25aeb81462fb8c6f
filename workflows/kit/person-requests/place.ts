import {
  defaultConnection,
  incidentOfMark,
  isNumber,
  markOf,
  markShown,
  subjectOf,
} from '../../../domain/subject.ts';
import { steps } from '../activities.ts';
import { orUnavailable } from '../parts.ts';
import { runCause } from '../run.ts';
import type { Asked, Place } from './asked.ts';

/** The account that the run's own incident is of. */
export const ownConnection = () => runCause()?.connection ?? defaultConnection;

/** The incident as calls to PagerDuty name it: the account only where it is another one than the run's. */
export const at = ({ connection, incidentId }: Omit<Place, 'isRoom'>) => ({
  incidentId,
  ...(connection === ownConnection() ? {} : { connection }),
});

/** The incident as messages in Slack name it. The worker puts the run's own account before it. */
export const cardIdOf = ({ connection, incidentId }: Place) =>
  connection === ownConnection() ? incidentId : markOf(connection, incidentId);

/** What the incident's runs and lines are filed under. */
export const subjectAt = ({ connection, incidentId }: Place) => subjectOf(connection, incidentId);

/** Runs that began with an earlier version tell the room only where they were asked for in it. */
export const roomByIncident = 'room-by-incident';

const sayWhich = 'say which incident it is about, as in /baton ack #42, or write it in the incident’s room';

/** The incident that was named, else the one whose room the channel is; or why there is none. */
export async function findPlace({ request, by, channelId }: Asked): Promise<Place | { none: string }> {
  const { incident } = request;
  const named = incident === undefined ? undefined : incidentOfMark(incident);
  if (incident !== undefined && !named) return { none: `${incident} is no incident of PagerDuty` };
  // It stands on the incident's own card.
  if (named && by === 'button') return { ...named, isRoom: true };
  const looked = await orUnavailable(() => steps.findSlackRoomIncident({ channelId }));
  const room = 'unavailable' in looked ? null : looked.incident;
  if (!named)
    return room ? { ...room, isRoom: true } : { none: `this channel is no incident’s room: ${sayWhich}` };
  // Each account counts its own incidents: in a room, the number is one of the room's account.
  const ofOwnAccount = incident === named.incidentId;
  const known = isNumber(named.incidentId)
    ? await byNumber({ ...named, ...(ofOwnAccount ? accountOf(room) : {}) })
    : named;
  if ('none' in known) return known;
  const isRoom = room?.connection === known.connection && room.incidentId === known.incidentId;
  return { ...known, isRoom };
}

const accountOf = (room: { connection: string } | null) => (room ? { connection: room.connection } : {});

async function byNumber(named: { connection: string; incidentId: string }) {
  const found = await orUnavailable(() => steps.readPagerDutyIncident(at(named)));
  if ('unavailable' in found)
    return {
      none: `PagerDuty shows no incident ${markShown(markOf(named.connection, named.incidentId))} (${found.unavailable})`,
    };
  return { connection: named.connection, incidentId: found.id };
}
