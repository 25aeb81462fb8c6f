import { steps } from './kit/activities.ts';
import { failureOf, orUnavailable } from './kit/parts.ts';
import type { CurrentIncident } from './kit/read-context.ts';
import { record } from './kit/record.ts';
import { healthy } from './kit/run.ts';
import { namesOf, resolverOf, statusCard } from './kit/status-card.ts';

export interface ChangeIncidentInput {
  action: 'acknowledge' | 'resolve';
  incidentId: string;
  slackUserId: string;
  /** The workspaces that Slack named with the click: of the person, and of the place. */
  slackTeamIds: string[];
  /** Where the button is, and the message that it belongs to. */
  channelId: string;
  messageTs: string;
}

/** Who pressed the button, as PagerDuty knows them. */
interface Person {
  id: string;
  name: string;
  email: string;
}

/** What became of the click, and how the person is told. */
interface Done {
  outcome: string;
  answer: string;
  /** The incident after it; a refused click reads none. */
  incident?: CurrentIncident;
}

/**
 * A person's button in Slack: changes the incident in that person's name, brings the card up to date, and answers them in
 * private. Whoever is no full member of the workspace, or may not respond to this incident in PagerDuty, is refused, and nothing
 * is changed.
 */
export async function changeIncident(input: ChangeIncidentInput): Promise<string> {
  const { incidentId, channelId, messageTs: ts } = input;
  try {
    const { outcome, answer, incident } = await act(input);
    if (incident) await steps.showSlackStatusCard({ channelId, incidentId, card: statusCard(incident), ts });
    await tell(input, answer, incident?.url);
    return outcome;
  } catch (error) {
    const failure = failureOf(error);
    if (failure) await tell(input, `This could not be done in full. ${failure.message}. ${fallBack}`);
    throw error;
  }
}

const fallBack = 'Look at the incident in PagerDuty, and go on there.';

async function act(input: ChangeIncidentInput): Promise<Done> {
  const { action, incidentId, slackUserId } = input;
  const person = await findPerson(input);
  if ('refusal' in person) return refuse(action, slackUserId, person.refusal);
  return action === 'acknowledge' ? acknowledge(incidentId, person) : resolve(incidentId, person);
}

/** The PagerDuty user who is this member of the workspace, or why there is none that may act on this incident. */
async function findPerson({
  incidentId,
  slackUserId: userId,
  slackTeamIds: teamIds,
}: ChangeIncidentInput): Promise<Person | { refusal: string }> {
  const member = await steps.checkSlackMember({ userId, teamIds });
  if ('refusal' in member) return member;
  const responder = await steps.checkPagerDutyResponder({ incidentId, email: member.email });
  return 'refusal' in responder ? responder : responder.user;
}

async function refuse(action: string, slackUserId: string, reason: string): Promise<Done> {
  await record(`Refused to ${action} for the Slack user ${slackUserId}: ${reason}.`);
  const answer =
    `Baton did not ${action} the incident: ${reason}. Ask an administrator of PagerDuty for a user with the same ` +
    'e-mail address as in Slack, with the right to respond and in a team or on the escalation policy of the service; or ask somebody ' +
    'who is on call to press the button.';
  return { outcome: 'refused', answer };
}

async function acknowledge(incidentId: string, person: Person): Promise<Done> {
  const { changed, incident } = await acknowledgeUnlessResolved(incidentId);
  if (incident.status === 'resolved') return resolvedBefore(incident);
  const others = await openElsewhere(incidentId, person);
  if (changed)
    return {
      outcome: healthy('acknowledged'),
      incident,
      answer: `You acknowledged ${nameOf(incident)}. ${others}`,
    };
  const by = incident.acknowledgers.some(({ id }) => id === person.id)
    ? 'you'
    : namesOf(incident.acknowledgers) || 'somebody else';
  const answer = `${nameOf(incident)} was acknowledged by ${by} before: nothing is changed. ${others}`;
  return { outcome: 'acknowledged before', incident, answer };
}

/** PagerDuty would open a resolved incident again, so there the activity sees a conflict. */
async function acknowledgeUnlessResolved(incidentId: string) {
  try {
    return await steps.acknowledgePagerDutyIncident({ incidentId });
  } catch (error) {
    if (failureOf(error)?.class !== 'Conflict') throw error;
    const incident = await steps.readPagerDutyIncident({ incidentId });
    if (incident.status !== 'resolved') throw error;
    return { changed: false, incident };
  }
}

async function resolve(incidentId: string, person: Person): Promise<Done> {
  const evidence = `resolved by ${person.name} in Slack`;
  const { changed, incident } = await steps.resolvePagerDutyIncident({ incidentId, evidence });
  if (!changed) return resolvedBefore(incident);
  return { outcome: healthy('resolved'), incident, answer: `You resolved ${nameOf(incident)}.` };
}

function resolvedBefore(incident: CurrentIncident): Done {
  const answer = `${nameOf(incident)} was resolved${resolverOf(incident.resolvedBy)} before: nothing is changed.`;
  return { outcome: 'resolved before', incident, answer };
}

/** What else waits for this person, in one line. */
async function openElsewhere(incidentId: string, { id }: Person): Promise<string> {
  const list = await orUnavailable(() =>
    steps.listPagerDutyIncidents({ statuses: ['triggered'], userIds: [id] }),
  );
  if ('unavailable' in list) return 'What else waits for you could not be read.';
  const others = list.incidents.filter((incident) => incident.id !== incidentId);
  if (others.length === 0) return 'Nothing else waits for you.';
  const shown = others.slice(0, 5).map(nameOf).join(', ');
  const rest = others.length - 5;
  return `Also waiting for you: ${shown}${rest > 0 ? ` and ${rest} more` : ''}.`;
}

const nameOf = ({ number, title }: CurrentIncident) =>
  `#${number} ${title.length > 80 ? `${title.slice(0, 79)}…` : title}`;

/**
 * In private, where the button is; to somebody who is not in that channel as a direct message. Whoever cannot be told at all
 * finds it in the record: what was decided stands, and nobody is paged for it.
 */
async function tell({ channelId, slackUserId: userId }: ChangeIncidentInput, text: string, url?: string) {
  const links = url ? [{ text: 'PagerDuty incident', url }] : [];
  const shown = await orUnavailable(() => steps.postSlackEphemeral({ channelId, userId, text, links }));
  if (!('unavailable' in shown)) return;
  const sent = await orUnavailable(() => steps.sendSlackDirectMessage({ userId, text, links }));
  if ('unavailable' in sent)
    await record(`The Slack user ${userId} could not be told (${sent.unavailable}): ${text}`);
}
