import { patched } from '@temporalio/workflow';
import { steps } from '../activities.ts';
import { callInSlack } from '../call-in-slack.ts';
import { healthy } from '../run.ts';
import {
  type Asked,
  type Done,
  type Member,
  nameOf,
  notDone,
  type Place,
  type RequestTo,
  type Responder,
} from './asked.ts';
import { findMentioned } from './person.ts';
import { at } from './place.ts';

/** `1 hour`, `90 minutes`. */
function lengthOf(minutes: number): string {
  const [count, unit] =
    minutes % 1440 === 0
      ? [minutes / 1440, 'day']
      : minutes % 60 === 0
        ? [minutes / 60, 'hour']
        : [minutes, 'minute'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** Until a time of day it is as the person's own clock shows it: Slack knows where they are, else PagerDuty. */
export async function snooze(
  { request, askedAt }: Asked<RequestTo<'snooze'>>,
  place: Place,
  person: Responder,
  { timeZone }: Member,
): Promise<Done> {
  const wanted =
    'minutes' in request
      ? { minutes: request.minutes }
      : { until: { time: request.until, day: request.day, timeZone, askedAt } };
  const { changed, incident, until } = await steps.snoozePagerDutyIncident({ ...at(place), ...wanted });
  const time =
    'minutes' in request ? `for ${lengthOf(request.minutes)}` : `until ${until?.inWords ?? request.until}`;
  const isLater = 'until' in request && request.day === undefined && until?.isTomorrow;
  const note = isLater ? ` ${request.until} has passed today where you are, so it is tomorrow.` : '';
  return {
    outcome: healthy('done'),
    incident,
    answer: `You snoozed ${nameOf(incident)} ${time}; then it pages again.${note}`,
    ...(changed ? { room: `${person.name} snoozed the incident ${time}.` } : {}),
  };
}

export async function reassign(
  { slackUserIds }: RequestTo<'reassign'>,
  place: Place,
  person: Responder,
): Promise<Done> {
  const found = await findMentioned(slackUserIds, place);
  if ('missing' in found) return notDone(`${found.missing}.`);
  const userIds = found.users.map(({ id }) => id);
  const names = found.users.map(({ name }) => name).join(', ');
  const { changed, incident } = await steps.reassignPagerDutyIncident({ ...at(place), userIds });
  if (!changed)
    return {
      outcome: 'done before',
      incident,
      answer: `${nameOf(incident)} is assigned to ${names} already.`,
    };
  return {
    outcome: healthy('done'),
    incident,
    answer: `You assigned ${nameOf(incident)} to ${names}.`,
    room: `${person.name} assigned the incident to ${names}.`,
  };
}

export async function setPriority(
  { priority }: RequestTo<'priority'>,
  place: Place,
  person: Responder,
): Promise<Done> {
  const { changed, incident } = await steps.setPagerDutyIncidentPriority({ ...at(place), priority });
  const name = incident.priority?.name ?? priority;
  if (!changed)
    return {
      outcome: 'done before',
      incident,
      answer: `${nameOf(incident)} has the priority ${name} already.`,
    };
  return {
    outcome: healthy('done'),
    incident,
    answer: `You set the priority of ${nameOf(incident)} to ${name}.`,
    room: `${person.name} set the priority to ${name}.`,
  };
}

export async function addNote({ text }: RequestTo<'note'>, place: Place, person: Responder): Promise<Done> {
  const added = await steps.addPagerDutyNote({ ...at(place), note: text });
  if (added.reason !== undefined) return notDone(`${added.reason}.`);
  const shown = text.length > 1_000 ? `${text.slice(0, 999)}…` : text;
  return {
    outcome: healthy('done'),
    answer: 'Your note is added to the incident in PagerDuty.',
    room: `Note by ${person.name}: ${shown}`,
  };
}

export async function publishUpdate(
  { text }: RequestTo<'update'>,
  place: Place,
  person: Responder,
): Promise<Done> {
  const { unconfirmed } = await steps.publishPagerDutyStatusUpdate({ ...at(place), message: text });
  if (unconfirmed)
    return notDone(
      'whether PagerDuty has published your status update is not known, so it is not sent twice. Look there',
    );
  return {
    outcome: healthy('done'),
    answer: 'Your status update is published to those who follow the incident in PagerDuty.',
    room: `Status update by ${person.name}: ${text.length > 1_000 ? `${text.slice(0, 999)}…` : text}`,
  };
}

export async function askResponders(
  { slackUserIds, message }: RequestTo<'responders'>,
  place: Place,
  person: Responder,
): Promise<Done> {
  const found = await findMentioned(slackUserIds, place);
  if ('missing' in found) return notDone(`${found.missing}.`);
  const userIds = found.users.map(({ id }) => id);
  const asked = await steps.requestPagerDutyResponders({
    ...at(place),
    userIds,
    message: message ?? `${person.name} asks for your help`,
  });
  if (asked.unavailable !== undefined)
    return patched('mentioned-responders')
      ? mentionInstead(place, person, { slackUserIds, message, unavailable: asked.unavailable })
      : notDone(`${asked.unavailable}.`);
  const names = (ids: readonly string[]) =>
    found.users
      .filter(({ id }) => ids.includes(id))
      .map(({ name }) => name)
      .join(', ');
  if (!asked.changed)
    return {
      outcome: 'done before',
      answer: `${names(userIds)} had been asked before: nobody is asked again.`,
    };
  return {
    outcome: healthy('done'),
    answer: `You asked ${names(asked.requested)} to join the incident.`,
    room: `${person.name} asked ${names(asked.requested)} to join the incident.`,
  };
}

/** Without PagerDuty's responder requests, people are called where they are: in Slack. */
async function mentionInstead(
  place: Place,
  person: Responder,
  {
    slackUserIds,
    message,
    unavailable,
  }: { slackUserIds: readonly string[]; message: string | undefined; unavailable: string },
): Promise<Done> {
  const incident = await steps.readPagerDutyIncident(at(place));
  const why = message === undefined ? '' : `: ${message}`;
  const text = `${person.name} asks you to join ${nameOf(incident)}${why}`;
  const links = incident.url ? [{ text: 'PagerDuty incident', url: incident.url }] : [];
  const { inRoom, directly, not } = await callInSlack(place, slackUserIds, { text, links });
  const called = [
    ...(inRoom.length > 0 ? [`${inRoom.length} in the incident’s room`] : []),
    ...(directly.length > 0 ? [`${directly.length} by a direct message`] : []),
  ].join(' and ');
  const missed = not.length > 0 ? ` ${not.length} of them could not be reached in Slack.` : '';
  if (called === '') return notDone(`${unavailable}, and nobody could be reached in Slack.`);
  return {
    outcome: healthy('done'),
    answer: `PagerDuty asked nobody (${unavailable}), so Baton called them in Slack: ${called}.${missed}`,
  };
}
