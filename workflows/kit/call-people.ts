/** How a run calls for people: first a word in Slack, and where that helps nothing, PagerDuty's next level. */
import type { Duration } from '@temporalio/common';
import { CancellationScope, condition, isCancellation, patched } from '@temporalio/workflow';
import { defaultConnection } from '../../domain/subject.ts';
import { steps } from './activities.ts';
import { callInSlack } from './call-in-slack.ts';
import { notify } from './notices.ts';
import { failureOf, inParts, orUnavailable, type Parts } from './parts.ts';
import type { CurrentIncident, OnCall } from './read-context.ts';
import { record } from './record.ts';
import { roomOf } from './room.ts';
import { runCause } from './run.ts';
import { namesOf } from './status-card.ts';

type Person = CurrentIncident['assignees'][number];

/** A reminder that is on its way. */
export interface Reminder {
  /** What Slack has not taken by now, or within `patience`, is not sent any more: it would come when it is no longer true. */
  end(patience?: Duration): Promise<void>;
}

/** `#4211 Checkout is slow`, the title cut. */
export const nameOf = ({ number, title }: CurrentIncident) =>
  `#${number} ${title.length > 80 ? `${title.slice(0, 79)}…` : title}`;

/**
 * Tells the incident's war room, where there is one, and each of these people by direct message. It goes on by itself, so that a Slack that
 * is away holds up nothing. What could not be said, and to whom, stands in the record.
 */
export const remind = (incident: CurrentIncident, people: readonly Person[], text: string): Reminder =>
  onItsWay(() => sendReminder(incident, people, text));

/** `send` goes on by itself, until its end. */
export function onItsWay(send: () => Promise<void>, what = 'A word in Slack'): Reminder {
  const scope = new CancellationScope();
  let isSent = false;
  const sending = scope.run(async () => {
    await send();
    isSent = true;
  });
  const ended = sending.catch((error: unknown) => {
    if (!isCancellation(error)) throw error;
  });
  return {
    async end(patience) {
      if (patience !== undefined) await condition(() => isSent, patience);
      if (isSent) return;
      scope.cancel();
      await ended;
      // What was under way has succeeded. Runs of former code have said otherwise.
      if (isSent && patched('sent-after-all')) return;
      await record(`${what} was cut short: it was not taken in time.`);
    },
  };
}

async function sendReminder(
  incident: CurrentIncident,
  people: readonly Person[],
  text: string,
): Promise<void> {
  const parts = inParts();
  const told: string[] = [];
  await Promise.all([
    parts.part('War room', async () => {
      if (await tellRoom(incident, text)) told.push('the war room');
    }),
    ...people.map((person) =>
      parts.part(person.name, async () => {
        if (await tellPerson(person, incident, text, parts)) told.push(person.name);
      }),
    ),
  ]);
  const reached =
    told.length > 0 ? `Told ${told.sort().join(', ')} in Slack` : 'Nobody could be told in Slack';
  await record(
    [`${reached}: ${text}`, ...parts.problems.map((problem) => `Not told: ${problem}`)].join('\n'),
  );
}

const linksOf = ({ url }: CurrentIncident) => (url ? [{ text: 'PagerDuty incident', url }] : []);

/** False: it has no room. */
async function tellRoom(incident: CurrentIncident, text: string): Promise<boolean> {
  const room = await roomOf(incident.id);
  if (!room) return false;
  await steps.postSlackMessage({ channelId: room.channelId, text, links: linksOf(incident) });
  return true;
}

async function tellPerson(
  { name, email }: Person,
  incident: CurrentIncident,
  text: string,
  { problem }: Parts,
): Promise<boolean> {
  const { user } = email ? await steps.findSlackUser({ email }) : { user: null };
  if (!user || user.deleted) {
    problem(`${name}: Slack has nobody with the e-mail address that PagerDuty has`);
    return false;
  }
  await notify(user.id, { about: `#${incident.number}`, text, links: linksOf(incident) });
  return true;
}

/** What became of an escalation: the level and those on it, why there is none, or that the incident was in another state by then. */
export type Escalation =
  | {
      level: number;
      people: string;
      /** Whom PagerDuty was to ask as responders, and did not. */
      unasked?: Person[];
    }
  | { none: string }
  | { overtaken: true };

/**
 * Escalates an incident to the next level on which somebody is on call, if it still has the status that it was looked at with, and asks its
 * escalation policy for responders; where the plan forbids that, those on call are mentioned in Slack. The note and the room say why, or why
 * there is nobody to escalate to.
 */
export async function escalate(incident: CurrentIncident, why: string): Promise<Escalation> {
  const escalation = await escalateToNext(incident, why);
  if ('overtaken' in escalation) return escalation;
  const outcome =
    'none' in escalation
      ? `Not escalated: ${escalation.none}.`
      : `Escalated to level ${escalation.level} (${escalation.people}).`;
  const text = `${why} ${outcome}`;
  const parts = inParts();
  await parts.part('Note', () => steps.addPagerDutyNote({ incidentId: incident.id, note: text }));
  await record([text, ...parts.problems].join(' '));
  const words = [remind(incident, [], text)];
  const unasked = 'level' in escalation ? (escalation.unasked ?? []) : [];
  if (unasked.length > 0 && patched('mentioned-responders'))
    words.push(onItsWay(() => mentionInstead(incident, unasked, why)));
  await Promise.all(words.map((word) => word.end('5 minutes')));
  return escalation;
}

/** Mentions in Slack whoever is on call by the incident's policy now. */
export const mentionOnCall = (incident: CurrentIncident, why: string): Reminder =>
  onItsWay(async () => {
    const { escalationPolicy } = incident;
    if (!escalationPolicy) return;
    const escalationPolicyIds = [escalationPolicy.id];
    const found = await orUnavailable(() => steps.listPagerDutyOnCalls({ escalationPolicyIds }));
    if ('unavailable' in found) await record(`Nobody was called in Slack: ${found.unavailable}`);
    else
      await mentionInstead(
        incident,
        found.onCalls.map(({ user }) => user),
        why,
      );
  });

/** Calls in Slack those whom PagerDuty does not ask. */
async function mentionInstead(
  incident: CurrentIncident,
  people: readonly Person[],
  why: string,
): Promise<void> {
  const found = new Map<string, string>();
  for (const { name, email } of [...new Map(people.map((each) => [each.id, each])).values()].slice(0, 20)) {
    const answer = email ? await orUnavailable(() => steps.findSlackUser({ email })) : { user: null };
    if (!('unavailable' in answer) && answer.user && !answer.user.deleted) found.set(answer.user.id, name);
  }
  const own = { connection: runCause()?.connection ?? defaultConnection, incidentId: incident.id };
  const text = `${nameOf(incident)} needs you. ${why}`;
  const { inRoom, directly } = await callInSlack(own, [...found.keys()], {
    text,
    links: linksOf(incident),
  });
  const called = [...inRoom, ...directly].map((id) => found.get(id));
  await record(`Called in Slack instead of by PagerDuty: ${called.join(', ') || 'nobody could be'}.`);
}

async function escalateToNext(incident: CurrentIncident, why: string): Promise<Escalation> {
  const { id: incidentId, status, escalationPolicy } = incident;
  if (!escalationPolicy) return { none: 'the incident has no escalation policy' };
  if (status === 'resolved') return { overtaken: true };
  const escalationPolicyIds = [escalationPolicy.id];
  const { onCalls } = await steps.listPagerDutyOnCalls({ escalationPolicyIds });
  const level = nextLevel(incident, onCalls);
  if (level === undefined)
    return { none: `nobody is on call above the level that it is on in ${escalationPolicy.name}` };
  try {
    const { changed } = await steps.escalatePagerDutyIncident({ incidentId, level, whileStatus: status });
    if (!changed) return { overtaken: true };
  } catch (error) {
    const failure = failureOf(error);
    if (failure?.class !== 'Conflict') throw error;
    return { none: failure.message };
  }
  // An escalated incident waits for somebody to acknowledge it.
  const now = await steps.readPagerDutyIncident({ incidentId });
  let unasked: Person[] = [];
  if (now.status === 'triggered') {
    const asked = await orUnavailable(() =>
      steps.requestPagerDutyResponders({ incidentId, message: why, escalationPolicyIds }),
    );
    if (asked.unavailable) {
      await record(`Responders were not asked for: ${asked.unavailable}`);
      unasked = onCalls.filter((each) => each.level <= level).map(({ user }) => user);
    }
  }
  const people = namesOf(onCalls.filter((each) => each.level === level).map(({ user }) => user));
  return { level, people, unasked };
}

/** Levels can be empty. Whoever was given the incident past its policy is on none of them: then the first is next. */
export function nextLevel(
  { assignees }: Pick<CurrentIncident, 'assignees'>,
  onCalls: readonly Pick<OnCall, 'level' | 'user'>[],
): number | undefined {
  const levels = assignees.flatMap(({ id }) => {
    const own = onCalls.filter(({ user }) => user.id === id).map((onCall) => onCall.level);
    return own.length > 0 ? [Math.min(...own)] : [];
  });
  const now = Math.max(0, ...levels);
  const higher = onCalls.map(({ level }) => level).filter((level) => level > now);
  return higher.length > 0 ? Math.min(...higher) : undefined;
}
