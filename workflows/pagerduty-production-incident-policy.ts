import type { Duration } from '@temporalio/common';
import { msToNumber } from '@temporalio/common/lib/time.js';
import { condition, sleep } from '@temporalio/workflow';
import { steps } from './kit/activities.ts';
import { lookAgainAfter } from './kit/look-again.ts';
import { inParts, orUnavailable, type Parts } from './kit/parts.ts';
import { type Context, type CurrentIncident, known, readContext } from './kit/read-context.ts';
import { record } from './kit/record.ts';
import { eventsSoFar, healthy, isHistoryLong, renew } from './kit/run.ts';
import { stateLine, statusCard } from './kit/status-card.ts';

export interface PagerdutyProductionIncidentPolicyInput {
  incidentId: string;
  /** How long the room stays open after the resolve, in case the incident comes back. */
  graceTime?: Duration;
  /** What the run has done so far: given by itself alone, where it goes on with a new history. */
  soFar?: Progress;
}

interface Room {
  channelId: string;
  url: string;
}

interface Issue {
  key: string;
  url: string;
}

/** Where people work on the incident, and what it looks like there. */
interface Progress {
  room?: Room | undefined;
  issue?: Issue | undefined;
  /** Whom the room was opened to, by their id in PagerDuty. */
  invited: string[];
  /** What the card shows, and what the topic says. */
  card?: string;
  topic?: string;
  /** The resolve that the issue tells of, and until when the room stays open after it, in milliseconds since 1970. */
  closed?: { resolvedAt: string; until: number };
}

/** That, and what could not be done. */
interface WarRoom extends Parts {
  soFar: Progress;
}

/**
 * Opens a war room and an issue for an incident, tells PagerDuty of both, and keeps them current until the incident has
 * been resolved for the grace time. A part that fails is listed in the note and spoils no other.
 */
export async function pagerdutyProductionIncidentPolicy({
  incidentId,
  graceTime = '1 day',
  soFar,
}: PagerdutyProductionIncidentPolicyInput): Promise<string> {
  const warRoom = soFar ? { ...inParts(), soFar } : await open(incidentId);
  if (!warRoom.soFar.room && !warRoom.soFar.issue) return 'could open neither room nor issue';
  return followToTheEnd(warRoom, incidentId, graceTime);
}

async function open(incidentId: string): Promise<WarRoom> {
  const context = await readContext(incidentId);
  const parts = inParts();
  const [room, issue] = await Promise.all([
    parts.part('War room', () => openRoom(context.incident)),
    parts.part('Jira issue', () => createIssue(context, parts)),
  ]);
  const warRoom: WarRoom = { ...parts, soFar: { room, issue, invited: [] } };

  await Promise.all([setUpRoom(warRoom, context), linkIssue(warRoom, context.incident)]);
  await tellPagerDuty(warRoom, context.incident);
  return warRoom;
}

const openRoom = ({ id: incidentId, number, title }: CurrentIncident): Promise<Room> =>
  steps.openSlackWarRoom({ incidentId, number, title });

async function createIssue({ incident, alerts, onCalls }: Context, { problem }: Parts): Promise<Issue> {
  const { id: incidentId, number, title, service, urgency, url, assignees } = incident;
  const owner = [...assignees, ...known(onCalls).map(({ user }) => user)].find(({ email }) => email);
  const summaries = known(alerts).slice(0, 10);
  const issue = await steps.createJiraIssue({
    incidentId,
    summary: title.trim() || `Incident ${number}`,
    text: [
      `Incident #${number} of ${service.name}, urgency ${urgency}.`,
      ...summaries.map(({ summary }) => `Alert: ${summary}`),
    ].join('\n'),
    links: url ? [{ text: `Incident #${number} in PagerDuty`, url }] : [],
    ...(owner?.email ? { assignee: owner.email } : {}),
  });
  for (const left of issue.leftOut) problem(`Jira issue ${issue.key}, ${left}`);
  return issue;
}

async function setUpRoom(warRoom: WarRoom, { incident, onCalls }: Context): Promise<void> {
  const { part, soFar } = warRoom;
  const { room, issue } = soFar;
  if (!room) return;
  const firstOnCall = known(onCalls).filter(({ level }) => level === 1);
  await showState(warRoom, incident);
  await invite(warRoom, [...incident.assignees, ...firstOnCall.map(({ user }) => user)]);
  if (issue)
    await part('Bookmark of the issue', () =>
      steps.addSlackBookmark({ channelId: room.channelId, title: issue.key, url: issue.url }),
    );
}

/** Card and topic, where they would say something else than they do. A new topic is announced, so it says little. */
async function showState({ part, soFar }: WarRoom, incident: CurrentIncident): Promise<void> {
  if (!soFar.room) return;
  const { channelId } = soFar.room;
  const { id: incidentId, number, title, status, url } = incident;

  const card = statusCard(incident);
  const shown = JSON.stringify(card);
  if (shown !== soFar.card)
    await part('Status card', async () => {
      await steps.showSlackStatusCard({ channelId, incidentId, card });
      soFar.card = shown;
    });
  const topic = `${status === 'resolved' ? 'Resolved' : 'Open'}: #${number} ${url} ${title}`.slice(0, 1000);
  if (topic !== soFar.topic)
    await part('Topic of the room', async () => {
      await steps.setSlackTopic({ channelId, text: topic });
      soFar.topic = topic;
    });
}

type Person = CurrentIncident['assignees'][number];

/** Invites whom nobody invited before. Who cannot be found or invited is a problem, and keeps nobody else out. */
async function invite({ part, problem, soFar }: WarRoom, people: Person[]): Promise<void> {
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
  });
}

async function linkIssue({ part, soFar }: WarRoom, { id: incidentId, number, title, url }: CurrentIncident) {
  const { issue } = soFar;
  if (!issue || !url) return;
  await part('Link from the issue', () =>
    steps.addJiraLink({ key: issue.key, incidentId, url, title: `PagerDuty #${number} ${title}` }),
  );
}

/** The note comes last, so that it can tell of everything that could not be done. */
async function tellPagerDuty({ part, problems, soFar }: WarRoom, incident: CurrentIncident): Promise<void> {
  const { room, issue } = soFar;
  const { id: incidentId, number, service, title } = incident;
  const links = [
    ...(room ? [{ text: 'War room', href: room.url }] : []),
    ...(issue ? [{ text: `Jira issue ${issue.key}`, href: issue.url }] : []),
  ];
  await part('Change event', () =>
    steps.sendPagerDutyChangeEvent({
      summary: `The response to incident #${number} has begun: ${title}`,
      source: 'baton',
      serviceId: service.id,
      links,
    }),
  );
  await steps.addPagerDutyNote({
    incidentId,
    note: [
      ...links.map(({ text, href }) => `${text}: ${href}`),
      ...problems.map((problem) => `Not done: ${problem}`),
    ].join('\n'),
  });
}

/** Events come in bursts: what arrives within this time is one look at PagerDuty and one change of the card. */
const burst = '2 seconds';

/** Keeps room and issue current, and ends once the incident has been resolved for the grace time. */
async function followToTheEnd(warRoom: WarRoom, incidentId: string, graceTime: Duration): Promise<string> {
  const { soFar } = warRoom;
  for (;;) {
    // Whatever has happened, the look at PagerDuty shows it: a new history needs none of the events.
    if (isHistoryLong()) return renew({ incidentId, graceTime, soFar });
    const seen = eventsSoFar().length;
    const told = warRoom.problems.length;
    const news = () =>
      eventsSoFar()
        .slice(seen)
        .flatMap(({ incident }) => incident ?? []);

    const now = await warRoom.part('Look at the incident', () => steps.readPagerDutyIncident({ incidentId }));
    if (now) await showState(warRoom, now);
    if (now) await invite(warRoom, now.assignees);

    if (now?.status === 'resolved') {
      const resolvedAt = now.resolvedAt ?? 'at some time';
      if (soFar.closed?.resolvedAt !== resolvedAt) {
        await closeIssue(warRoom, now);
        soFar.closed = { resolvedAt, until: Date.now() + msToNumber(graceTime) };
      }
      await tellProblems(warRoom, told);
      const isBusy = () => isHistoryLong() || news().some(({ status }) => status !== 'resolved');
      const left = Math.max(soFar.closed.until - Date.now(), 1);
      const isOver = !(await condition(isBusy, Math.min(left, lookAgainAfter))) && left <= lookAgainAfter;
      if (isOver && (await leave(warRoom, incidentId))) return healthy('followed to the end');
      continue;
    }
    await tellProblems(warRoom, told);
    await sleep(burst);
    // An event may be lost: then the next look is due.
    await condition(() => isHistoryLong() || news().length > 0, lookAgainAfter);
  }
}

async function closeIssue({ part, soFar }: WarRoom, incident: CurrentIncident): Promise<void> {
  if (!soFar.issue) return;
  const { key } = soFar.issue;
  await part('Comment on the issue', () =>
    steps.addJiraComment({
      key,
      text: `${stateLine(incident)} at ${incident.resolvedAt ?? 'an unknown time'}.`,
    }),
  );
  await part('Transition of the issue', () => steps.transitionJiraIssue({ key, to: 'done' }));
}

/** Looks once more, since an event may have been missed. False: the incident is open. */
async function leave(warRoom: WarRoom, incidentId: string): Promise<boolean> {
  const now = await steps.readPagerDutyIncident({ incidentId });
  if (now.status !== 'resolved') return false;
  const { part, problems, soFar } = warRoom;
  const { room } = soFar;
  const told = problems.length;
  await showState(warRoom, now);
  if (room)
    await part('Archiving of the room', () => steps.archiveSlackChannel({ channelId: room.channelId }));
  await tellProblems(warRoom, told);
  return true;
}

/** Problems after the note are told on the timeline. */
async function tellProblems({ problems }: WarRoom, told: number): Promise<void> {
  if (problems.length > told) await record(`Not done: ${problems.slice(told).join('; ')}`);
}
