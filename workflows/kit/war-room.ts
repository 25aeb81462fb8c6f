import type { Duration } from '@temporalio/common';
import { msToNumber } from '@temporalio/common/lib/time.js';
import type { LaterEvent } from '../../domain/incident.ts';
import { steps } from './activities.ts';
import { type GatheredSoFar, gatheredLines } from './gathered.ts';
import { orUnavailable, type Parts } from './parts.ts';
import type { Alert, CurrentIncident } from './read-context.ts';
import type { Room } from './room.ts';
import { isOfDrill } from './run.ts';
import { namesOf, type StatusCard, statusCard, type Told, topicOf } from './status-card.ts';

export interface Link {
  text: string;
  url: string;
}

/** Where people work on an incident, and what it looks like there. It goes along to each new history, so every list is bounded. */
export interface Progress {
  room?: Room | undefined;
  issue?: { key: string; url: string } | undefined;
  /** Whom the room was opened to, by their id in PagerDuty. */
  invited: string[];
  /** What the card shows, what the topic says, and the message that is the card. */
  card?: string | undefined;
  topic?: string | undefined;
  cardTs?: string | undefined;
  /** The resolve that the issue tells of, and until when the room stays open after it, in milliseconds since 1970. */
  closed?: { resolvedAt: string; until: number } | undefined;
  /** The incident as people were last told of it. */
  told?: Told;
  /** What the alerts point to. */
  runbooks?: Link[];
  /** Who was asked to help, by name, and whether to ask PagerDuty for them again. */
  responders?: string[];
  respondersChanged?: boolean;
  approvals?: Approval[];
  did?: string[];
  notDone?: string[];
  /** The new incidents of its storm that have joined this one. */
  gathered?: GatheredSoFar;
  /** Since when nobody has written in the room, in milliseconds since 1970, and how often they were reminded. */
  quietSince?: number;
  reminders?: number;
}

interface Approval {
  id: string;
  summary: string;
  pending: boolean;
  isQuestion?: boolean;
  isParked?: boolean;
  /** Nobody approved it: by refusal, or as nobody answered in time. */
  ended?: 'refused' | 'expired';
}

/** A room, and what could not be done about it. */
export interface WarRoom extends Parts {
  soFar: Progress;
  /** Runs that began with an earlier version have a card and no more, and go on so until their next history. */
  isWhole: boolean;
  /** Runs that began with an earlier version take no notice of a storm until their next history. */
  gathers: boolean;
  /** Runs that began with an earlier version show what other runs did only with other news, until their next history. */
  showsDeeds: boolean;
}

const mostApprovals = 20;
const mostShown = 6;

/** Opens the room of an incident, or finds it. */
export async function openRoom(
  { id: incidentId, number, title }: CurrentIncident,
  isPrivate: boolean,
): Promise<Room> {
  const { channelId, url } = await steps.openSlackWarRoom({
    incidentId,
    number,
    title,
    ...(isPrivate ? { private: true } : {}),
  });
  return { channelId, url };
}

/** The web addresses that the alerts carry: their links, and details whose name says that they are a runbook. The first five. */
export function runbooksOf(alerts: readonly Alert[]): Link[] {
  const all = alerts.flatMap(({ links, details }) => [
    ...links.map(({ text, href }) => ({ text: text?.trim().slice(0, 100) || 'Runbook', url: href })),
    ...Object.entries(details).flatMap(([name, value]) =>
      /runbook/i.test(name) && typeof value === 'string' ? [{ text: 'Runbook', url: value }] : [],
    ),
  ]);
  const isWeb = (url: string) => /^https?:\/\//i.test(url) && url.length <= 2000 && URL.canParse(url);
  return [...new Map(all.filter(({ url }) => isWeb(url)).map((link) => [link.url, link])).values()].slice(
    0,
    5,
  );
}

/**
 * Card and topic, where they would say something else than they do. `mayDiffer`: other runs may have done something, which the activity that
 * shows the card knows.
 */
export async function showState(
  warRoom: WarRoom,
  incident: CurrentIncident,
  plans: string[],
  mayDiffer = false,
): Promise<void> {
  const { part, soFar, isWhole } = warRoom;
  if (!soFar.room) return;
  const { channelId } = soFar.room;
  const { id: incidentId } = incident;

  const state = statusCard(incident, isOfDrill());
  const card: StatusCard = {
    ...state,
    lines: [...(state.lines ?? []), ...gatheredLines(soFar.gathered)],
    ...(isWhole ? listsOf(soFar, plans) : {}),
  };
  const shown = JSON.stringify(card);
  if (shown !== soFar.card || mayDiffer || (isWhole && !soFar.cardTs))
    await part('Status card', async () => {
      const known = soFar.cardTs ? { ts: soFar.cardTs } : {};
      const { ts } = await steps.showSlackStatusCard({ channelId, incidentId, card, ...known });
      Object.assign(soFar, { card: shown, cardTs: ts });
    });
  const topic = topicOf(incident, !isWhole);
  if (topic !== soFar.topic)
    await part('Topic of the room', async () => {
      await steps.setSlackTopic({ channelId, text: topic });
      soFar.topic = topic;
    });
}

/** What the card says beside the state of the incident. */
function listsOf(
  { issue, runbooks = [], responders = [], did = [], notDone = [], approvals = [] }: Progress,
  plans: string[],
): Partial<StatusCard> {
  return {
    responders,
    links: [...(issue ? [{ text: `Jira issue ${issue.key}`, url: issue.url }] : []), ...runbooks],
    did: ['Opened this room', ...(issue ? [`Made the Jira issue ${issue.key}`] : []), ...did],
    would: plans,
    waitsFor: waitedFor(approvals),
    problems: [...notDone, ...notApproved(approvals)],
  };
}

const waitedFor = (approvals: readonly Approval[]) =>
  approvals
    .filter(({ pending }) => pending)
    .map(({ summary, isQuestion, isParked }) =>
      isParked ? summary : `${isQuestion ? 'Question' : 'Approval'}: ${summary}`,
    );

const notApproved = (approvals: readonly Approval[]) =>
  approvals.flatMap(({ summary, ended }) => {
    if (!ended) return [];
    return [`${ended === 'refused' ? 'Refused by people' : 'Nobody answered in time'}: ${summary}`];
  });

type Person = { id: string; name: string; email?: string | undefined };

/** Invites whom nobody invited before. Who cannot be found or invited is a problem, and keeps nobody else out. */
export async function invite({ part, problem, soFar }: WarRoom, people: readonly Person[]): Promise<void> {
  const { room, invited } = soFar;
  if (!room) return;
  const { channelId } = room;
  const newcomers = people.filter(({ id }, index) => {
    const isFirst = people.findIndex((other) => other.id === id) === index;
    return isFirst && !invited.includes(id);
  });
  if (newcomers.length === 0) return;
  await part('Invitations', async () => {
    const found = new Map<string, Person>();
    for (const person of newcomers) {
      const { email, name, id } = person;
      const answer = email ? await orUnavailable(() => steps.findSlackUser({ email })) : { user: null };
      // Tried again with the next look at the incident.
      if ('unavailable' in answer) {
        problem(`Invitation of ${name}: ${answer.unavailable}`);
        continue;
      }
      const { user } = answer;
      if (user && !user.deleted) {
        found.set(user.id, person);
        continue;
      }
      problem(`Invitation of ${name}: Slack has nobody with the e-mail address that PagerDuty has`);
      invited.push(id);
    }
    const { notInvited } = await steps.inviteSlackUsers({ channelId, userIds: [...found.keys()] });
    for (const { userId, reason } of notInvited)
      problem(`Invitation of ${found.get(userId)?.name}: ${reason}`);
    for (const { id } of found.values()) invited.push(id);
    const refused = new Set(notInvited.map(({ userId }) => userId));
    const came = [...found].flatMap(([userId, person]) => (refused.has(userId) ? [] : [person]));
    if (came.length > 0) keep(soFar, 'did', [`Invited ${namesOf(came)}`]);
  });
}

/** Adds lines to what the card shows of it: the newest few, each once. Gives those that were not there. */
export function keep(soFar: Progress, list: 'did' | 'notDone', lines: readonly string[]): string[] {
  const kept = soFar[list] ?? [];
  const fresh = lines.map((line) => line.slice(0, 300)).filter((line) => !kept.includes(line));
  soFar[list] = [...kept, ...fresh].slice(-mostShown);
  return fresh;
}

/** Puts these links at the top of the room, each by itself. */
export async function bookmark({ part, soFar }: WarRoom, links: readonly Link[]): Promise<void> {
  const { room } = soFar;
  if (!room) return;
  for (const { text: title, url } of links)
    await part(`Bookmark of ${title}`, () =>
      steps.addSlackBookmark({ channelId: room.channelId, title, url }),
    );
}

/** Says something in the thread of the card, where it disturbs nobody. */
export async function say({ part, soFar }: WarRoom, text: string, links?: Link[]): Promise<void> {
  const { room, cardTs: threadTs } = soFar;
  if (!room || !threadTs || text === '') return;
  await part('Message in the room', () =>
    steps.postSlackMessage({ channelId: room.channelId, threadTs, text, ...(links ? { links } : {}) }),
  );
}

/** Who was asked to help, where PagerDuty has said that this has changed: they are named on the card and invited. */
export async function inviteResponders(warRoom: WarRoom, incidentId: string): Promise<void> {
  const { soFar, part } = warRoom;
  if (!soFar.respondersChanged) return;
  soFar.respondersChanged = false;
  const answer = await part('Responders', () => steps.listPagerDutyResponders({ incidentId }));
  if (!answer) return;
  soFar.responders = answer.responders
    .slice(0, 20)
    .map(({ name, state }) => (state ? `${name} (${state})` : name));
  await invite(
    warRoom,
    answer.responders.filter(({ state }) => state !== 'declined'),
  );
}

const isAboutResponders = ({ type }: LaterEvent) => type.startsWith('pagerduty.incident.responder.');
const isAboutApproval = ({ type }: LaterEvent) => /^(approval|question)\./.test(type);

/** Whether the room looks different after this event. Of types that are not known it does not. */
export const concernsRoom = (event: LaterEvent): boolean =>
  event.incident !== undefined || isAboutResponders(event) || isAboutApproval(event);

/** A run notes on the incident what it has done, or why it has not; people are asked about what a guard holds. */
export const tellsOfDeeds = (event: LaterEvent): boolean =>
  event.type === 'pagerduty.incident.annotated' || isAboutApproval(event);

/** Keeps what is told by these events alone, and by no look at PagerDuty. */
export function takeIn(soFar: Progress, events: readonly LaterEvent[]): void {
  for (const event of events) {
    if (isAboutResponders(event)) soFar.respondersChanged = true;
    const approval = isAboutApproval(event) ? approvalOf(event) : undefined;
    if (!approval) continue;
    const others = (soFar.approvals ?? []).filter(({ id }) => id !== approval.id);
    const known = soFar.approvals?.find(({ id }) => id === approval.id);
    // One that was answered stays so, in whatever order the events come.
    const pending = approval.pending && known?.pending !== false;
    const summary = approval.summary || known?.summary || approval.id;
    const ended = approval.ended ?? known?.ended;
    const now = { ...approval, summary, pending, ...(ended ? { ended } : {}) };
    soFar.approvals = [...others, now].slice(-mostApprovals);
  }
}

function approvalOf({ type, data }: LaterEvent): Approval | undefined {
  const { approvalId, questionId, isParked, summary, state } = (data ?? {}) as Record<string, unknown>;
  const id = approvalId ?? questionId;
  if (typeof id !== 'string') return undefined;
  return {
    id,
    ...(questionId === undefined ? {} : { isQuestion: true }),
    ...(isParked === true ? { isParked } : {}),
    summary: typeof summary === 'string' ? summary.slice(0, 200) : '',
    pending: type.endsWith('.asked') || state === 'pending',
    ...(state === 'refused' || state === 'expired' ? { ended: state } : {}),
  };
}

/** At most so often in a row. */
const mostReminders = 3;

/** When to look whether the room is quiet, in milliseconds since 1970; undefined: not again. */
export function reminderDue(
  { room, quietSince, reminders = 0 }: Progress,
  after: Duration,
): number | undefined {
  if (!room || quietSince === undefined || reminders >= mostReminders) return undefined;
  return quietSince + msToNumber(after);
}

/** Reminds the people in the room of the incident, where nobody has written for that time. */
export async function remindIfQuiet(
  warRoom: WarRoom,
  incident: CurrentIncident,
  after: Duration,
): Promise<void> {
  const { part, soFar } = warRoom;
  const { room, approvals = [] } = soFar;
  if (!room || Date.now() < (reminderDue(soFar, after) ?? Number.POSITIVE_INFINITY)) return;
  const { channelId } = room;
  const history = await part('Look at the room', () => steps.exportSlackHistory({ channelId, maxBytes: 0 }));
  const spoke = history?.lastByPersonAt === undefined ? 0 : Date.parse(history.lastByPersonAt);
  soFar.quietSince = Math.max(soFar.quietSince ?? 0, spoke);
  if (Date.now() < (reminderDue(soFar, after) ?? 0)) return;
  soFar.quietSince = Date.now();
  soFar.reminders = (soFar.reminders ?? 0) + 1;
  const { lines, assignees } = statusCard(incident, isOfDrill());
  const text = [
    `Nobody has written here for ${durationText(after)}, and incident #${incident.number} is ${incident.status}.`,
    `On it: ${assignees.join(', ') || 'nobody'}.`,
    `Open: ${[...(lines ?? []), ...gatheredLines(soFar.gathered), ...waitedFor(approvals)].join('; ')}.`,
  ].join('\n');
  await part('Reminder', () => steps.postSlackMessage({ channelId, text }));
}

/** `1 day`, or `90 seconds` of a number of milliseconds. */
export const durationText = (duration: Duration) =>
  typeof duration === 'number' ? `${Math.round(duration / 1000)} seconds` : duration;

/**
 * Opens the room again. Slack refuses this to bots so far: then there is another room, and PagerDuty is told of it. A room that nobody has
 * archived is left alone.
 */
export async function reopenRoom(
  warRoom: WarRoom,
  incident: CurrentIncident,
  isPrivate: boolean,
): Promise<void> {
  const { part, problem, soFar } = warRoom;
  const { room } = soFar;
  if (!room) return;
  const answer = await orUnavailable(() => steps.unarchiveSlackChannel({ channelId: room.channelId }));
  if (!('unavailable' in answer)) return;
  problem(`Opening the room again: ${answer.unavailable}`);
  const another = await part('Another room', () => openRoom(incident, isPrivate));
  if (!another || another.channelId === room.channelId) return;
  Object.assign(soFar, { room: another, invited: [], card: undefined, cardTs: undefined, topic: undefined });
  const note = `War room: ${another.url} (the one before is archived, and Slack does not open it again)`;
  await part('Note of the room', () => steps.addPagerDutyNote({ incidentId: incident.id, note }));
}
