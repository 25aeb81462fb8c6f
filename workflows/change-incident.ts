import { patched, workflowInfo } from '@temporalio/workflow';
import type { PersonRequest, SlackRequest } from '../domain/person-request.ts';
import { markOf } from '../domain/subject.ts';
import { steps } from './kit/activities.ts';
import { failureOf, inParts, orUnavailable } from './kit/parts.ts';
import { acknowledge } from './kit/person-requests/acknowledge.ts';
import { answerQuestion } from './kit/person-requests/answer.ts';
import {
  type Asked,
  type Done,
  deeds,
  type Member,
  notDone,
  type Place,
} from './kit/person-requests/asked.ts';
import { tellOfChange } from './kit/person-requests/change.ts';
import { escalate } from './kit/person-requests/escalate.ts';
import { giveLinkCode } from './kit/person-requests/link.ts';
import { keepOrder, type Order } from './kit/person-requests/order.ts';
import { findMember, findResponder } from './kit/person-requests/person.ts';
import {
  cardIdOf,
  findPlace,
  ownConnection,
  roomByIncident,
  subjectAt,
} from './kit/person-requests/place.ts';
import { resolve } from './kit/person-requests/resolve.ts';
import { answerApproval, startWorkflow, stopRun } from './kit/person-requests/runs.ts';
import {
  addNote,
  askResponders,
  publishUpdate,
  reassign,
  setPriority,
  snooze,
} from './kit/person-requests/small-changes.ts';
import { tellOnCall, tellOwnIncidents, tellStatus } from './kit/person-requests/status.ts';
import { stillOpen } from './kit/person-requests/still-open.ts';
import { addToTimeline } from './kit/person-requests/timeline.ts';
import { lowerTrigger, tellTriggers } from './kit/person-requests/triggers.ts';
import { unparkRun } from './kit/person-requests/unpark.ts';
import { record } from './kit/record.ts';
import { roomOpened } from './kit/room.ts';
import { engine, isOfDrill, runCause } from './kit/run.ts';
import { showAsKept } from './kit/show-as-kept.ts';
import type { ShownApproval } from './kit/shown-approval.ts';
import { type StatusCard, statusCard } from './kit/status-card.ts';

/** A click on the status card. */
export interface ClickInput {
  action: 'acknowledge' | 'resolve';
  incidentId: string;
  slackUserId: string;
  /** The workspaces that Slack named with the click: of the person, and of the place. */
  slackTeamIds: string[];
  /** Where the button is, and the message that it belongs to. */
  channelId: string;
  messageTs: string;
}

export type ChangeIncidentInput = ClickInput | { asked: SlackRequest };

/**
 * What a person asks for in Slack, by a button, a command, a form or a shortcut: carries it out in that person's name, brings the card up to
 * date, tells the room, and answers them in private. Whoever is no full member of the workspace, or may not do it (PagerDuty says who
 * responds to an incident, Baton's roles who steers its runs), is refused, and nothing is changed.
 */
export async function changeIncident(input: ChangeIncidentInput): Promise<string> {
  const asked = askedIn(input);
  const order = keepOrder(changesIncident(asked.request));
  try {
    const { done, place, member } = await carryOut(asked, order);
    // Whoever asked waits for no room. Of a click on the card, the card itself tells the others.
    const isFirst = place !== undefined && !isOnCard(asked) && patched(roomByIncident);
    if (isFirst) await tell(asked, done.answer, { ...done, links: linksOf(done) });
    if (place) await showInRoom(asked, place, done, isFirst ? member : undefined);
    if (place && runCause()?.subject === undefined) await recordAt(place, asked, done);
    if (!isFirst) await tell(asked, done.answer, { ...done, links: linksOf(done) });
    return done.outcome;
  } catch (error) {
    const failure = failureOf(error);
    if (failure) await tell(asked, `This could not be done in full. ${failure.message}. ${fallBack}`);
    throw error;
  } finally {
    await order.giveTurn();
  }
}

const fallBack = 'Look at the incident in PagerDuty, and go on there.';

function askedIn(input: ChangeIncidentInput): Asked {
  if ('asked' in input) {
    const { request, by, user, channelId, messageTs, askedAt = begunAt() } = input.asked;
    const teamIds = [user.teamId, user.homeTeamId].flatMap((id) => id || []);
    return {
      request,
      by,
      userId: user.id,
      teamIds,
      channelId,
      ...(messageTs === undefined ? {} : { messageTs }),
      askedAt,
    };
  }
  const { action, incidentId, slackUserId: userId, slackTeamIds: teamIds, channelId, messageTs } = input;
  const request: PersonRequest = { do: action, incident: markOf(ownConnection(), incidentId) };
  return { request, by: 'button', userId, teamIds, channelId, messageTs, askedAt: begunAt() };
}

const begunAt = () => workflowInfo().startTime.toISOString();

const changesNoIncident: readonly PersonRequest['do'][] = [
  'status',
  'on-call',
  'run',
  'stop',
  'approve',
  'refuse',
  'answer',
  'unpark',
  'change',
  'triggers',
  'lower',
  'link',
];

/** All else only reads, or is about something else than the state of an incident. */
const changesIncident = ({ do: what }: PersonRequest) => !changesNoIncident.includes(what);

interface CarriedOut {
  done: Done;
  place?: Place;
  /** Who it was done for. */
  member?: Member;
}

async function carryOut(asked: Asked, order: Order): Promise<CarriedOut> {
  if (asked.request.do === 'link') return { done: await link(asked) };
  const member = await findMember(asked);
  if ('refusal' in member) return { done: await refuse(asked, member) };
  const steered = await orNotDone(() => steer(asked, member));
  if (steered && 'refusal' in steered) return { done: await refuse(asked, steered) };
  if (steered) return { done: steered, member, ...(steered.place ? { place: steered.place } : {}) };
  const place = await findPlace(asked);
  if ('none' in place) return { done: await without(place, asked, member) };
  if (changesIncident(asked.request)) await order.takeTurn(subjectAt(place));
  return { place, member, done: await orNotDone(() => actOn(place, asked, member)) };
}

/** For whoever is not known by their address: nothing else is asked of who they are. */
async function link(asked: Asked): Promise<Done> {
  const given = await orNotDone(() => giveLinkCode(asked));
  return 'refusal' in given ? refuse(asked, given) : given;
}

/** Where no incident was named: whoever only asks how things stand is told of their own ones. */
async function without({ none }: { none: string }, { request }: Asked, member: Member): Promise<Done> {
  const what = request.do;
  const asksOnly = what === 'status' || what === 'on-call';
  if (!asksOnly || request.incident !== undefined || !patched('own-incidents')) return notDone(`${none}.`);
  return orNotDone(() => tellOwnIncidents(what, member));
}

/** What is about a run, an approval, a service or a trigger, and so needs no incident; undefined for anything else. */
async function steer(asked: Asked, member: Member): Promise<Done | Refused | undefined> {
  const { request } = asked;
  switch (request.do) {
    case 'run':
      return startWorkflow({ ...asked, request }, member);
    case 'stop':
      return stopRun({ ...asked, request }, member);
    case 'approve':
    case 'refuse':
      return answerApproval({ ...asked, request }, member);
    case 'answer':
      return answerQuestion({ ...asked, request }, member);
    case 'unpark':
      return unparkRun({ ...asked, request }, member);
    case 'change':
      return tellOfChange({ ...asked, request }, member);
    case 'triggers':
      return tellTriggers({ ...asked, request }, member);
    case 'lower':
      return lowerTrigger({ ...asked, request });
    default:
      return undefined;
  }
}

async function actOn(place: Place, asked: Asked, member: Member): Promise<Done> {
  const { request } = asked;
  if (request.do === 'status') return tellStatus(place, member);
  if (request.do === 'on-call') return tellOnCall(place);
  const person = await findResponder(member, place);
  if ('refusal' in person) return refuse(asked, person, place);
  switch (request.do) {
    case 'acknowledge':
      return acknowledge(place, person);
    case 'resolve':
      return resolve(place, person);
    case 'escalate':
      return escalate(place, person);
    case 'snooze':
      return snooze({ ...asked, request }, place, person, member);
    case 'reassign':
      return reassign(request, place, person);
    case 'priority':
      return setPriority(request, place, person);
    case 'note':
      return addNote(request, place, person);
    case 'update':
      return publishUpdate(request, place, person);
    case 'responders':
      return askResponders(request, place, person);
    case 'timeline':
      return addToTimeline(request, place, person);
    default:
      return notDone(`Baton cannot ${deeds[request.do].verb} yet.`);
  }
}

/** What PagerDuty refuses of what was said, the person can say in another way: nobody is paged for it. */
async function orNotDone<Result>(work: () => Promise<Result>): Promise<Result | Done> {
  try {
    return await work();
  } catch (error) {
    const failure = failureOf(error);
    if (failure?.class !== 'Conflict' && failure?.class !== 'InvalidInput') throw error;
    return notDone(`${failure.message}.`);
  }
}

/** Why somebody is refused, and how they would be let do it, where the reason does not say that itself. */
interface Refused {
  refusal: string;
  advice?: string | undefined;
}

async function refuse(
  { request, userId }: Asked,
  { refusal, advice }: Refused,
  place?: Place,
): Promise<Done> {
  const { verb, object } = deeds[request.do];
  const subject = place && runCause()?.subject === undefined ? subjectAt(place) : undefined;
  await record(`Refused to ${verb} for the Slack user ${userId}: ${refusal}.`, undefined, subject);
  return {
    outcome: 'refused',
    answer: `Baton did not ${verb}${object}: ${refusal}.${advice ? ` ${advice}.` : ''}`,
  };
}

const isOnCard = ({ by, request }: Asked) =>
  by === 'button' && (request.do === 'acknowledge' || request.do === 'resolve');

/**
 * The card, and what the others are told: in the incident's room, wherever it was asked for, with what is still open as `member` may see
 * it. Without one, where it was asked for alone.
 */
async function showInRoom(
  asked: Asked,
  place: Place,
  { incident, room }: Done,
  member: Member | undefined,
): Promise<void> {
  if (!incident && room === undefined) return;
  const { by, messageTs } = asked;
  const channelId = place.isRoom ? asked.channelId : member && (await roomOpened(place))?.channelId;
  if (channelId === undefined) return;
  const isOfCard = by !== 'shortcut' && channelId === asked.channelId;
  const ts = isOfCard && messageTs !== undefined ? { ts: messageTs } : {};
  const show = (card: StatusCard) =>
    steps.showSlackStatusCard({ channelId, incidentId: cardIdOf(place), card, ...ts });
  // Elsewhere nobody waits for the room, which may be archived.
  if (incident && place.isRoom) await show(statusCard(incident, isOfDrill()));
  else if (incident) await orUnavailable(() => show(statusCard(incident, isOfDrill())));
  if (room === undefined || isOnCard(asked)) return;
  const open = member ? `\n${await stillOpen(place, incident, member)}` : '';
  await orUnavailable(() => steps.postSlackMessage({ channelId, text: `${room}${open}` }));
}

/** What was asked for without naming the incident is found at the incident, too. */
async function recordAt(place: Place, { request, userId }: Asked, { outcome }: Done): Promise<void> {
  if (outcome === 'refused') return;
  const { verb, object } = deeds[request.do];
  const who = runCause()?.by?.name ?? userId;
  await record(`${who} asked in Slack to ${verb}${object}: ${outcome}.`, undefined, subjectAt(place));
}

const linksOf = ({ incident, links = [] }: Done) =>
  incident?.url ? [{ text: 'PagerDuty incident', url: incident.url }] : links;

/** What stands below an answer. */
type Below = Pick<Done, 'links' | 'choices' | 'approvals'>;

/**
 * In private, where the button is; to somebody who is not in that channel as a direct message. Whoever cannot be told at all
 * finds it in the record: what was decided stands, and nobody is paged for it.
 */
async function tell(asked: Asked, text: string, below: Below = {}): Promise<void> {
  const { links = [], choices = [], approvals = [] } = below;
  const { channelId, userId } = asked;
  const [first, ...more] = approvals;
  const shown = await orUnavailable(() =>
    steps.postSlackEphemeral({
      channelId,
      userId,
      text,
      links,
      ...(choices.length > 0 ? { choices } : {}),
      ...(first ? { approval: first } : {}),
    }),
  );
  if ('unavailable' in shown) return tellDirectly(asked, text, { links, choices, approvals });
  for (const approval of more)
    await orUnavailable(() =>
      steps.postSlackEphemeral({ channelId, userId, text: 'This waits for an answer, too.', approval }),
    );
}

async function tellDirectly(
  { userId }: Asked,
  text: string,
  { links = [], choices = [], approvals = [] }: Below,
): Promise<void> {
  const all = [text, ...choices.map((choice) => choice.text)].join('\n');
  const sent = await orUnavailable(() => steps.sendSlackDirectMessage({ userId, text: all, links }));
  if ('unavailable' in sent)
    await record(`The Slack user ${userId} could not be told (${sent.unavailable}): ${text}`);
  for (const approval of approvals)
    if (patched('told-as-it-is-kept'))
      await showAsKept({ userId }, { approvalId: approval.id }, [], inParts());
    else await showOnce(userId, approval);
}

/** How runs have shown it that began before it was shown again until it is as it is kept. */
async function showOnce(userId: string, approval: ShownApproval): Promise<void> {
  const shown = await orUnavailable(() => steps.showSlackApproval({ place: { userId }, approval }));
  if ('unavailable' in shown) return;
  const { channelId, ts } = shown;
  await engine.showedApproval({ id: approval.id, channelId, ts });
}
