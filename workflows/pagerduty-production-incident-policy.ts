import type { Duration } from '@temporalio/common';
import { condition, sleep } from '@temporalio/workflow';
import { steps } from './kit/activities.ts';
import { inParts, type Parts } from './kit/parts.ts';
import { type Context, type CurrentIncident, known, readContext } from './kit/read-context.ts';
import { record } from './kit/record.ts';
import { eventsSoFar } from './kit/run.ts';
import { stateLine, statusCard } from './kit/status-card.ts';

export interface PagerdutyProductionIncidentPolicyInput {
  incidentId: string;
  /** How long the room stays open after the resolve, in case the incident comes back. */
  graceTime?: Duration;
}

interface Room {
  channelId: string;
  url: string;
}

interface Issue {
  key: string;
  url: string;
}

/** Where people work on the incident, and what went wrong in getting there. */
interface Desk extends Parts {
  room: Room | undefined;
  issue: Issue | undefined;
  /** Whom the room was opened to already, by their id in PagerDuty. */
  invited: Set<string>;
}

/**
 * Opens a war room and an issue for an incident, tells PagerDuty of both, and keeps them current until the incident has
 * been resolved for the grace time. A part that fails is listed in the note and spoils no other.
 */
export async function pagerdutyProductionIncidentPolicy({
  incidentId,
  graceTime = '1 day',
}: PagerdutyProductionIncidentPolicyInput): Promise<string> {
  const context = await readContext(incidentId);
  const parts = inParts();
  const [room, issue] = await Promise.all([
    parts.part('War room', () => openRoom(context.incident)),
    parts.part('Jira issue', () => createIssue(context)),
  ]);
  const desk: Desk = { ...parts, room, issue, invited: new Set() };

  await Promise.all([furnishRoom(desk, context), linkIssue(desk, context.incident)]);
  await tellPagerDuty(desk, context.incident);
  return followToTheEnd(desk, incidentId, graceTime);
}

const openRoom = ({ id: incidentId, number, title }: CurrentIncident): Promise<Room> =>
  steps.openSlackWarRoom({ incidentId, number, title });

function createIssue({ incident, alerts, onCalls }: Context): Promise<Issue> {
  const { id: incidentId, number, title, service, urgency, url, assignees } = incident;
  const owner = [...assignees, ...known(onCalls).map(({ user }) => user)].find(({ email }) => email);
  const summaries = known(alerts).slice(0, 10);
  return steps.createJiraIssue({
    incidentId,
    summary: title || `Incident ${number}`,
    text: [
      `Incident #${number} of ${service.name}, urgency ${urgency}.`,
      ...summaries.map(({ summary }) => `Alert: ${summary}`),
    ].join('\n'),
    links: url ? [{ text: `Incident #${number} in PagerDuty`, url }] : [],
    ...(owner?.email ? { assignee: owner.email } : {}),
  });
}

/** The people first: they can read along while the rest is put in place. */
async function furnishRoom(desk: Desk, { incident, onCalls }: Context): Promise<void> {
  const { room, issue, part } = desk;
  if (!room) return;
  const firstOnCall = known(onCalls).filter(({ level }) => level === 1);
  await invite(desk, room, [...incident.assignees, ...firstOnCall.map(({ user }) => user)]);
  await part('Status card', () => showCard(room, incident));
  await part('Topic of the room', () => setTopic(room, incident));
  if (issue)
    await part('Bookmark of the issue', () =>
      steps.addSlackBookmark({ channelId: room.channelId, title: issue.key, url: issue.url }),
    );
}

async function linkIssue({ issue, part }: Desk, { id: incidentId, number, title, url }: CurrentIncident) {
  if (!issue || !url) return;
  await part('Link from the issue', () =>
    steps.addJiraLink({ key: issue.key, incidentId, url, title: `PagerDuty #${number} ${title}` }),
  );
}

/** The note comes last, so that it can tell of everything that could not be done. */
async function tellPagerDuty({ room, issue, part, problems }: Desk, incident: CurrentIncident): Promise<void> {
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
