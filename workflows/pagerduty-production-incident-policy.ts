import type { Duration } from '@temporalio/common';
import { msToNumber } from '@temporalio/common/lib/time.js';
import { condition, patched, sleep } from '@temporalio/workflow';
import type { LaterEvent } from '../domain/incident.ts';
import { steps } from './kit/activities.ts';
import {
  isGathered,
  openGathered,
  takeInGathered,
  tellsOfOpenGathered,
  untoldGathered,
} from './kit/gathered.ts';
import { lookAgainAfter } from './kit/look-again.ts';
import { inParts, type Parts } from './kit/parts.ts';
import { pastLine } from './kit/past-incidents.ts';
import { type Context, type CurrentIncident, known, readContext } from './kit/read-context.ts';
import { record } from './kit/record.ts';
import { eventsSoFar, healthy, isHistoryLong, renew } from './kit/run.ts';
import { changesSince, stateLine, toldOf } from './kit/status-card.ts';
import { lookAtGathered, tellGathered } from './kit/tell-gathered.ts';
import { keepTranscript } from './kit/transcript.ts';
import { isUrgent } from './kit/urgent.ts';
import { waitsFor } from './kit/waits.ts';
import {
  bookmark,
  concernsRoom,
  durationText,
  invite,
  inviteResponders,
  keep,
  openRoom,
  type Progress,
  reminderDue,
  remindIfQuiet,
  reopenRoom,
  runbooksOf,
  say,
  showState,
  takeIn,
  tellsOfDeeds,
  type WarRoom,
} from './kit/war-room.ts';

export interface PagerdutyProductionIncidentPolicyInput {
  incidentId: string;
  /** How long the room stays open after the resolve, in case the incident comes back. */
  graceTime?: Duration;
  /** After how long without a word in the room the people in it are reminded of an open incident, at most three times in a row. */
  remindWhenQuiet?: Duration;
  /** Only who is invited sees the room. */
  private?: boolean;
  /** What the run has done so far: given by itself alone, where it goes on with a new history. */
  soFar?: Progress;
}

/** The input, with what is left out. */
type Policy = Required<Omit<PagerdutyProductionIncidentPolicyInput, 'soFar'>>;

/**
 * Opens a war room and an issue for an incident, tells PagerDuty of both, and keeps them current until the incident has
 * been resolved for the grace time. A part that fails is listed in the note and spoils no other.
 */
export async function pagerdutyProductionIncidentPolicy(
  input: PagerdutyProductionIncidentPolicyInput,
): Promise<string> {
  const { soFar, ...given } = input;
  const policy: Policy = { graceTime: '1 day', remindWhenQuiet: '1 hour', private: false, ...given };
  const isWhole = patched('whole-war-room');
  const shows = {
    isWhole,
    gathers: patched('gathers-a-storm'),
    showsDeeds: patched('shows-what-other-runs-did'),
  };
  const warRoom = soFar ? { ...inParts(), soFar, ...shows } : await open(policy, shows);
  if (!warRoom.soFar.room && !warRoom.soFar.issue) return 'could open neither room nor issue';
  return followToTheEnd(warRoom, policy);
}

async function open(
  policy: Policy,
  shows: Pick<WarRoom, 'isWhole' | 'gathers' | 'showsDeeds'>,
): Promise<WarRoom> {
  const { isWhole } = shows;
  const context = await readContext(policy.incidentId);
  const { incident } = context;
  const parts = inParts();
  const [room, issue] = await Promise.all([
    parts.part('War room', () => openRoom(incident, policy.private)),
    parts.part('Jira issue', () => createIssue(context, parts)),
  ]);
  const soFar: Progress = { room, issue, invited: [], told: toldOf(incident), quietSince: Date.now() };
  const warRoom: WarRoom = { ...parts, soFar, ...shows };
  if (isWhole) Object.assign(soFar, { runbooks: runbooksOf(known(context.alerts)), respondersChanged: true });

  const setUp = Promise.all([setUpRoom(warRoom, context, policy), linkIssue(warRoom, incident)]);
  // Of an urgent incident PagerDuty shows room and issue as soon as they are there. What else could not be done the thread tells.
  if (isUrgent()) await Promise.all([setUp, tellPagerDuty(warRoom, incident)]);
  else await setUp.then(() => tellPagerDuty(warRoom, incident));
  if (isWhole) {
    await tellDetails(warRoom, context);
    // The card has just been posted.
    if (room) await sleep(burst);
  }
  return warRoom;
}

async function createIssue({ incident, alerts, onCalls }: Context, { problem }: Parts) {
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
  return { key: issue.key, url: issue.url };
}

async function setUpRoom(warRoom: WarRoom, { incident, onCalls }: Context, policy: Policy): Promise<void> {
  const { room, issue, runbooks = [] } = warRoom.soFar;
  if (!room) return;
  const firstOnCall = known(onCalls).filter(({ level }) => level === 1);
  await showState(warRoom, incident, plansOf(warRoom, policy));
  await invite(warRoom, [...incident.assignees, ...firstOnCall.map(({ user }) => user)]);
  if (issue) await bookmark(warRoom, [{ text: issue.key, url: issue.url }]);
  if (!warRoom.isWhole) return;
  const { number, url } = incident;
  await bookmark(warRoom, [...(url ? [{ text: `PagerDuty #${number}`, url }] : []), ...runbooks]);
  await inviteResponders(warRoom, incident.id);
}

/** What the run would do next, in the words of the card. */
function plansOf(
  { soFar: { issue, closed, gathered } }: WarRoom,
  { graceTime, remindWhenQuiet }: Policy,
): string[] {
  if (closed) {
    const until = new Date(closed.until).toISOString().slice(0, 16).replace('T', ' ');
    return [`Archives this room at ${until} UTC, unless the incident is opened again`];
  }
  return [
    `Reminds you here when nobody has written for ${durationText(remindWhenQuiet)}`,
    `When ${gathered ? 'all of them are' : 'it is'} resolved: ${issue ? `closes ${issue.key}, and ` : ''}archives this room ${durationText(graceTime)} later`,
  ];
}

async function linkIssue({ part, soFar }: WarRoom, { id: incidentId, number, title, url }: CurrentIncident) {
  const { issue } = soFar;
  if (!issue || !url) return;
  await part('Link from the issue', () =>
    steps.addJiraLink({ key: issue.key, incidentId, url, title: `PagerDuty #${number} ${title}` }),
  );
}

/** The note comes last, so that it can tell of everything that could not be done; that of an urgent incident waits for nothing. */
async function tellPagerDuty({ part, problems, soFar }: WarRoom, incident: CurrentIncident): Promise<void> {
  const { room, issue } = soFar;
  const { id: incidentId, number, service, title } = incident;
  const links = [
    ...(room ? [{ text: 'War room', href: room.url }] : []),
    ...(issue ? [{ text: `Jira issue ${issue.key}`, href: issue.url }] : []),
  ];
  const sendChangeEvent = () =>
    part('Change event', () =>
      steps.sendPagerDutyChangeEvent({
        summary: `The response to incident #${number} has begun: ${title}`,
        source: 'baton',
        serviceId: service.id,
        links,
      }),
    );
  const addNote = () =>
    steps.addPagerDutyNote({
      incidentId,
      note: [
        ...links.map(({ text, href }) => `${text}: ${href}`),
        ...problems.map((problem) => `Not done: ${problem}`),
      ].join('\n'),
    });
  if (isUrgent()) await Promise.all([addNote(), sendChangeEvent()]);
  else await sendChangeEvent().then(addNote);
}

/** The details stand in the thread of the card, so that the room is left to people. */
async function tellDetails(warRoom: WarRoom, { incident, alerts, past }: Context): Promise<void> {
  const { soFar, problems } = warRoom;
  keep(soFar, 'notDone', problems);
  const { issue, did = [] } = soFar;
  const lines = [
    ...('unavailable' in alerts
      ? [`The alerts could not be read: ${alerts.unavailable}`]
      : alerts.slice(0, 10).map(({ summary }) => `Alert: ${summary}`)),
    ...pastLine(incident, past),
    ...(issue ? [`Made the Jira issue ${issue.key}`] : []),
    ...did,
    ...problems.map((problem) => `Not done: ${problem}`),
  ];
  await say(warRoom, lines.join('\n'));
}

/** Events come in bursts: what arrives within this time, in milliseconds, is one look at PagerDuty and one change of the card. */
const burst = 3_000;

/** Keeps room and issue current, and ends once the incident has been resolved for the grace time. */
async function followToTheEnd(warRoom: WarRoom, policy: Policy): Promise<string> {
  const { soFar, isWhole, gathers, showsDeeds } = warRoom;
  const { incidentId, graceTime } = policy;
  const concernsUs = (event: LaterEvent) =>
    concernsRoom(event) || (gathers && isGathered(event)) || (showsDeeds && tellsOfDeeds(event));
  let seen = 0;
  for (;;) {
    const mayDiffer = showsDeeds && eventsSoFar().slice(seen).some(tellsOfDeeds);
    takeIn(soFar, eventsSoFar().slice(seen));
    const gathered = gathers ? takeInGathered(soFar.gathered, eventsSoFar().slice(seen)) : undefined;
    if (gathered) soFar.gathered = gathered;
    // Whatever else has happened, the look at PagerDuty shows it: a new history needs none of the events.
    if (isHistoryLong()) return renew({ ...policy, soFar });
    seen = eventsSoFar().length;
    const toldProblems = warRoom.problems.length;
    const news = () =>
      eventsSoFar()
        .slice(seen)
        .filter(isWhole ? concernsUs : ({ incident }) => incident);

    const now = await warRoom.part('Look at the incident', () => steps.readPagerDutyIncident({ incidentId }));
    const isResolved = now?.status === 'resolved' && openGathered(soFar.gathered).length === 0;
    const isClosing = isResolved && soFar.closed?.resolvedAt !== resolveOf(now);
    if (isClosing) soFar.closed = { resolvedAt: resolveOf(now), until: Date.now() + msToNumber(graceTime) };
    if (now && isWhole && soFar.closed && !isResolved) await openAgain(warRoom, now, policy);
    if (now) await showState(warRoom, now, plansOf(warRoom, policy), mayDiffer);
    const shownAt = Date.now();
    const untilNextEdit = () => Math.max(shownAt + burst - Date.now(), 1);
    const listed = listsOf(soFar);
    if (now && isWhole) await tellChanges(warRoom, now);
    if (isWhole) await tellGathered(warRoom);
    if (now) await invite(warRoom, now.assignees);
    if (isWhole) await inviteResponders(warRoom, incidentId);
    if (now && isClosing) await closeIssue(warRoom, now);
    await tellProblems(warRoom, toldProblems);

    if (isWhole || now?.status !== 'resolved') await sleep(untilNextEdit());
    // What was done since the card was shown comes onto it at once.
    if (isWhole && (listsOf(soFar) !== listed || untoldGathered(soFar.gathered).length > 0)) continue;

    if (isResolved && soFar.closed) {
      const isBusy = () =>
        isHistoryLong() || news().some(({ incident }) => isWhole || incident?.status !== 'resolved');
      const left = Math.max(soFar.closed.until - Date.now(), 1);
      waitsFor('the incident to be reopened', soFar.closed.until);
      const isOver = !(await condition(isBusy, Math.min(left, lookAgainAfter))) && left <= lookAgainAfter;
      const isBack = () =>
        isWhole && news().some((event) => isOpenAfter(event) || tellsOfOpenGathered(event));
      if (isOver && (await leave(warRoom, policy)) && !isBack()) return healthy('followed to the end');
      continue;
    }
    const due = isWhole ? reminderDue(soFar, policy.remindWhenQuiet) : undefined;
    const quiet = due === undefined ? lookAgainAfter : Math.max(due - Date.now(), 1);
    // An event may be lost: then the next look is due.
    const isBusy = () => isHistoryLong() || news().length > 0;
    waitsFor('news of the incident');
    const hasNews = await condition(isBusy, Math.min(quiet, lookAgainAfter));
    if (isWhole && !hasNews) soFar.respondersChanged = true;
    if (isWhole && !hasNews && now) await remindIfQuiet(warRoom, now, policy.remindWhenQuiet);
    if (!hasNews && now?.status === 'resolved') await lookAtGathered(warRoom);
  }
}

const isOpenAfter = ({ incident }: LaterEvent) => incident !== undefined && incident.status !== 'resolved';

/** What the card lists beside the incident's state, to tell whether it has changed. */
const listsOf = ({ did, notDone, responders }: Progress) => JSON.stringify([did, notDone, responders]);

/** By which one resolve is told from another. */
const resolveOf = ({ resolvedAt }: CurrentIncident) => resolvedAt ?? 'at some time';

/** Takes up again what was closed. */
async function openAgain(warRoom: WarRoom, incident: CurrentIncident, policy: Policy): Promise<void> {
  Object.assign(warRoom.soFar, { closed: undefined, reminders: 0, quietSince: Date.now() });
  await reopenRoom(warRoom, incident, policy.private);
}

/** Tells room and issue what has changed since they were told. Of a resolve the issue is told when it is closed. */
async function tellChanges(warRoom: WarRoom, incident: CurrentIncident): Promise<void> {
  const { part, soFar } = warRoom;
  const { issue, told = toldOf(incident) } = soFar;
  const changes = changesSince(told, incident);
  soFar.told = toldOf(incident);
  if (changes.length === 0) return;
  soFar.quietSince = Date.now();
  const isResolved = incident.status === 'resolved';
  const forIssue = changes.filter((line) => !isResolved || line !== stateLine(incident)).join('\n');
  await Promise.all([
    say(warRoom, changes.join('\n')),
    issue && forIssue
      ? part('Comment on the issue', () => steps.addJiraComment({ key: issue.key, text: forIssue }))
      : undefined,
  ]);
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
async function leave(warRoom: WarRoom, policy: Policy): Promise<boolean> {
  const now = await steps.readPagerDutyIncident({ incidentId: policy.incidentId });
  if (now.status !== 'resolved') return false;
  const { part, problems, soFar, isWhole } = warRoom;
  const { room } = soFar;
  let told = problems.length;
  await showState(warRoom, now, isWhole ? [] : plansOf(warRoom, policy));
  if (isWhole) {
    await keepTranscript(warRoom, policy.private);
    // As long as the room takes messages.
    await tellProblems(warRoom, told);
    told = problems.length;
  }
  if (room)
    await part('Archiving of the room', () => steps.archiveSlackChannel({ channelId: room.channelId }));
  await tellProblems(warRoom, told);
  return true;
}

/** Problems after the note are told on the timeline, on the card with its next change, and in its thread. */
async function tellProblems(warRoom: WarRoom, told: number): Promise<void> {
  const { problems, soFar, isWhole } = warRoom;
  const fresh = problems.slice(told);
  if (fresh.length === 0) return;
  await record(`Not done: ${fresh.join('; ')}`);
  if (!isWhole) return;
  const unheard = keep(soFar, 'notDone', fresh);
  await say(warRoom, unheard.map((problem) => `Not done: ${problem}`).join('\n'));
}
