import { isCallback } from '../../domain/callback.ts';
import { standingFor } from '../../domain/drill.ts';
import { type Event, isRequest, type KnownEventType } from '../../domain/event.ts';
import type { Incident, RunCause } from '../../domain/incident.ts';
import type { Mode } from '../../domain/mode.ts';
import { millisecondsAhead } from '../../domain/moment.ts';
import type { RecordedAnswer } from '../../domain/record.ts';
import type { Route } from '../../domain/route.ts';
import type { RunRow } from '../../domain/run.ts';
import { defaultConnection, subjectOf } from '../../domain/subject.ts';
import type { Echo } from '../../store/changes/echoes.ts';
import type { MirroredIncident, Situation } from '../../store/events/dispatch.ts';
import type { ToldTakeover } from '../../store/runs/takeovers.ts';
import { standingOf, type Trigger } from '../../triggers/trigger.ts';
import { type AccountsOf, accountsFor } from '../accounts.ts';

/** A run to start. */
export interface Start {
  id: string;
  trigger: string;
  workflow: string;
  input: unknown;
  cause: RunCause;
}

/** What a storm means to a new incident: it joins this live run, or it is not known yet what becomes of an earlier one. */
export type Gathering = { run: string } | { waitsFor: string };

/** By trigger, of those that count storms. For one that is not here the incident has its own run. */
export type Gatherings = Partial<Record<string, Gathering>>;

/** What is to be done about an event. */
export interface Plan {
  answers: RecordedAnswer[];
  starts: Start[];
  /** Runs that it started when it was dispatched before. */
  begun: string[];
  /** Live runs on the subject, which learn of the event. */
  tell: string[];
  /** Runs that gather a storm and that this new incident joins: they are told before this is written down. */
  joins: { run: string; reason: string }[];
  /** Runs that its incident has joined before, which learn how it stands. */
  joined: string[];
  /** Those of them that stand for a trigger's answer. */
  rejoined: string[];
  /** The earlier incident of which it has to be known first what becomes of it. */
  waitsFor?: string;
  /** The incident's state as the event tells it, unless a newer one is known. Its id is the event's subject. */
  incident?: MirroredIncident;
  /** A person has taken the incident in hand, or has it no more, whenever the event comes. */
  takenOver?: ToldTakeover;
  /** Its incident is open and has gone on since: triggers are asked, and what starts learns of the rest. */
  overtaken?: string;
  /** Why nothing may start, where that does not depend on a trigger. */
  hold?: { disposition: 'stale' | 'ignored'; reason: string };
}

const connectionOf = ({ connection = defaultConnection }: Event) => connection;

/** As the cause of a run has it, and the lines about it: left out, it is `auto`. */
const modeIn = (mode: Mode): { mode?: Mode } => (mode === 'auto' ? {} : { mode });

const isLive = ({ state }: RunRow) => state === 'starting' || state === 'running';

/** The incident that the event carries, for the events whose data is the incident itself. */
export function incidentOf(event: Event): Incident | undefined {
  const data = event.data as Partial<Incident> | null | undefined;
  const isIncident = event.type.startsWith('pagerduty.incident.') && data?.status !== undefined;
  const isSubject = data?.id !== undefined && subjectOf(connectionOf(event), data.id) === event.subject;
  return isIncident && isSubject ? (data as Incident) : undefined;
}

/**
 * Decides about one event: asks every trigger, and turns the answers into runs to start and runs to tell. Pure, so the
 * same event in the same situation gets the same plan, also when it is dispatched again after a crash.
 */
export function decide(
  { seq, event }: { seq: number; event: Event },
  situation: Situation,
  triggers: readonly Trigger[],
  echo: Echo | undefined,
  routes: readonly Route[] = [],
  gatherings: Gatherings = {},
): Plan {
  const incident = incidentOf(event);
  const hold = holdOf(event, incident, situation, echo);
  const older = olderThan(event, incident, situation);
  const takenOver = takeoverIn(event, incident, echo);
  const plan: Plan = {
    answers: [],
    starts: [],
    begun: [],
    tell: [],
    joins: [],
    joined: [],
    rejoined: [],
    ...(older ? { overtaken: older } : {}),
    ...(takenOver ? { takenOver } : {}),
    ...(incident && !older
      ? {
          incident: {
            id: event.subject ?? incident.id,
            status: incident.status,
            seenAt: laterOf(event.time, situation.incident?.seenAt),
            told: incident,
          },
        }
      : {}),
    ...(hold ? { hold } : {}),
  };
  for (const trigger of triggers)
    answer(trigger, { seq, event, incident }, situation, routes, gatherings, plan);
  if (plan.joins.length > 0) plan.incident = joining(plan, event, situation);
  if (!older && !isOfLogAlone(event))
    plan.tell = situation.runs.filter((run) => isLive(run) && run.eventSeq !== seq).map(({ id }) => id);
  if (!older) plan.joined = situation.gatheredBy ?? [];
  // The run that asks, or waits, learns of it also where it is about another subject, or about none.
  if ((asksPeople(event) || isCallback(event)) && !plan.tell.includes(event.data.runId))
    plan.tell.push(event.data.runId);
  return plan;
}

/**
 * A person has acknowledged the incident, in PagerDuty or by Baton, or has reassigned it to themselves. What Baton did on nobody's behalf is
 * an echo, and so none. Where an acknowledgement has run out, whoever it was has it no more.
 */
function takeoverIn(
  { id: eventId, type, time, subject, agent }: Event,
  incident: Incident | undefined,
  echo: Echo | undefined,
): ToldTakeover | undefined {
  if (!incident || subject === undefined) return undefined;
  if (type === 'pagerduty.incident.unacknowledged')
    return { incident: subject, eventId, how: 'unacknowledged', by: agent?.name ?? '', at: time };
  const isAcknowledged = type === 'pagerduty.incident.acknowledged';
  const isTaken =
    isAcknowledged ||
    (type === 'pagerduty.incident.reassigned' && incident.assignees.some(({ id }) => id === agent?.id));
  const who = echo ? echo.actor : agent;
  if (!isTaken || who?.kind !== 'person') return undefined;
  return {
    incident: subject,
    eventId,
    how: isAcknowledged ? 'acknowledged' : 'reassigned',
    by: who.name,
    at: time,
  };
}

/** The incident with the runs that it joins. Where it has gone on since, its newer state stays. */
function joining(
  { incident, joins }: Plan,
  { subject = '' }: Event,
  { incident: seen, gatheredBy = [] }: Situation,
): MirroredIncident {
  const now = incident ?? { id: subject, status: seen?.status ?? '', seenAt: seen?.seenAt ?? '' };
  return { ...now, gatheredBy: [...gatheredBy, ...joins.map(({ run }) => run)] };
}

/** What PagerDuty writes into an incident's log and tells in no webhook: a notification, a snooze. No run waits for it. */
const isOfLogAlone = ({ type }: Event) => type.startsWith('pagerduty.log.');

/** A time that is told in whole seconds may seem to lie before what it comes after. */
const laterOf = (time: string, seenAt = time) => (Date.parse(seenAt) > Date.parse(time) ? seenAt : time);

/** Tells of an approval or a question of a run: that it was asked, that it still waits, or how it ended. */
export const asksPeople = (event: Event): event is Event<Extract<KnownEventType, AskedType>> =>
  /^(approval|question)\./.test(event.type);
type AskedType = `approval.${string}` | `question.${string}`;

function holdOf(
  event: Event,
  incident: Incident | undefined,
  situation: Situation,
  echo: Echo | undefined,
): Plan['hold'] {
  const older = olderThan(event, incident, situation);
  const isOver = incident?.status === 'resolved' || situation.incident?.status === 'resolved';
  if (older && isOver) return { disposition: 'stale', reason: older };
  if (echo && echo.actor.kind !== 'person')
    return { disposition: 'ignored', reason: `echo of ${echo.activity} by ${echo.runId}` };
  if (incident?.status === 'resolved' && event.type !== 'pagerduty.incident.resolved')
    return { disposition: 'ignored', reason: 'the incident is resolved' };
  return undefined;
}

/** What the incident has seen that is newer than this event; undefined where there is nothing. */
function olderThan(
  event: Event,
  incident: Incident | undefined,
  { incident: seen }: Situation,
): string | undefined {
  if (!incident || !seen) return undefined;
  const ahead = millisecondsAhead(seen.seenAt, event.time);
  // Of the same moment are, as it is told, the triggered one first and the resolved one last.
  const isFirst = event.type === 'pagerduty.incident.triggered' && seen.status !== 'triggered';
  const isBeforeLast =
    seen.status === 'resolved' &&
    incident.status !== 'resolved' &&
    event.type !== 'pagerduty.incident.reopened';
  if (ahead < 0 || (ahead === 0 && !isFirst && !isBeforeLast)) return undefined;
  return `older than the state of ${seen.seenAt} (${seen.status})`;
}

function answer(
  trigger: Trigger,
  { seq, event, incident }: { seq: number; event: Event; incident: Incident | undefined },
  { runs, gatheredBy = [], askedBefore = [], askedIn }: Situation,
  routes: readonly Route[],
  gatherings: Gatherings,
  plan: Plan,
): void {
  const say = (kind: RecordedAnswer['answer'], reason: string) =>
    plan.answers.push({ trigger: trigger.name, answer: kind, reason });
  try {
    const response = trigger.respond(event);
    if ('no' in response) return void say('no', response.no);
    if (plan.hold) return void say('no', plan.hold.reason);
    const about = isAboutRun(event) ? event.data : askedIn;
    if (about && ledTo(about).includes(trigger.name))
      return void say('no', `is about a run that this trigger has led to: ${ledTo(about).join(' → ')}`);
    const standing = standingFor(incident, standingOf(trigger));
    if (standing === 'off')
      return void say('no', `was switched off by ${trigger.lowered?.by}: ${trigger.lowered?.reason}`);
    const raised = raisedBy(incident);
    if (raised === trigger.workflow) return void say('no', `raised by Baton for a failed run of ${raised}`);
    const gatherer = gatheredBy.find((run) => run.startsWith(`${trigger.name}/`));
    if (gatherer !== undefined) {
      plan.rejoined.push(gatherer);
      return void say('joined', `${gatherer} before, in a storm`);
    }
    const place = placeOf(trigger, response.id, seq, event, incident, runs);
    if ('joined' in place) return void say('joined', place.joined);
    if ('no' in place) return void say('no', place.no);
    if ('begun' in place) {
      plan.begun.push(place.begun);
      return void say('matched', place.begun);
    }
    const gathering = gatherings[trigger.name];
    // What was to begin before is not gathered after a crash.
    if (gathering && incident && !runs.some(({ id }) => id === place.id)) {
      if ('waitsFor' in gathering) {
        plan.waitsFor = gathering.waitsFor;
        return void say('joined', `the run of ${gathering.waitsFor}, in a storm, once it has begun`);
      }
      const storm = `more than ${trigger.storm} new incidents within a minute on ${incident.service.name}`;
      const reason = `${gathering.run}: ${storm}`;
      plan.joins.push({ run: gathering.run, reason });
      return void say('joined', reason);
    }
    plan.answers.push({ trigger: trigger.name, answer: 'matched', reason: place.id, ...modeIn(standing) });
    // Another workflow would not know what it is asked.
    const earlier = askedBefore.flatMap(({ id, workflow }) => (workflow === response.start ? [id] : []));
    plan.starts.push({
      id: place.id,
      trigger: trigger.name,
      workflow: response.start,
      input: response.input,
      cause: {
        trigger: trigger.name,
        eventId: event.id,
        eventType: event.type,
        ...(event.subject === undefined ? {} : { subject: event.subject }),
        ...(isRequest(event) ? { by: event.agent } : {}),
        ...accountsFor(roleOf(event, response.start, incident), routes),
        ...(incident ? { incident } : {}),
        target: trigger.target(event),
        whenResolved: trigger.whenResolved,
        ...(trigger.whenAcknowledged ? { whenAcknowledged: trigger.whenAcknowledged } : {}),
        ...(trigger.tags ? { tags: trigger.tags } : {}),
        ...chainIn(event, askedIn),
        ...modeIn(standing),
        ...(earlier.length > 0 ? { after: earlier } : {}),
      },
    });
  } catch (error) {
    say('failed', error instanceof Error ? error.message : String(error));
  }
}

/** The engine tells of a run, or of a step of one. */
const isAboutRun = (event: Event): event is Event<RunEventType> => /^(run|activity)\./.test(event.type);
type RunEventType = Extract<KnownEventType, `${'run' | 'activity'}.${string}`>;

/** The triggers that have led to a run, its own last. Whichever of them were asked about it again could go on for ever. */
export const ledTo = ({
  trigger,
  chain = [],
}: {
  trigger: string;
  chain?: readonly string[] | undefined;
}): string[] => [...chain, trigger];

/** As the cause of a run has it: what the engine tells of a run, or what a run asks people, may begin the next one. */
function chainIn(event: Event, askedIn: Situation['askedIn']): { chain?: readonly string[] } {
  const run = isAboutRun(event) ? event.data : askedIn;
  return run ? { chain: ledTo(run) } : {};
}

/** A run as its accounts depend on it. */
function roleOf(event: Event, workflow: string, incident: Incident | undefined): AccountsOf {
  return {
    workflow,
    connection: connectionOf(event),
    // An envelope that lies in the store was read by any version, so nothing is taken for granted.
    serviceId: incident?.service?.id,
    concernsIncident: /^(pagerduty|slack|jira|approval|question)\./.test(event.type),
    ...(isRequest(event) ? { slackConnection: event.slackConnection ?? defaultConnection } : {}),
    ...(isAboutRun(event) ? { ended: event.data.workflow } : {}),
  };
}

/** Which run an answer stands for: the one it began before, a live one that it joins, or a new one. */
function placeOf(
  trigger: Trigger,
  id: string,
  seq: number,
  event: Event,
  incident: Incident | undefined,
  runs: readonly RunRow[],
): { id: string } | { begun: string } | { joined: string } | { no: string } {
  const own = runs.filter((run) => run.trigger === trigger.name);
  const begun = own.find((run) => run.eventSeq === seq);
  // One that Temporal was told of is not started again: it may have ended, and be forgotten there.
  if (begun) return begun.state === 'starting' ? { id: begun.id } : { begun: begun.id };
  if (trigger.each === 'event') return { id };
  const live = own.find(isLive);
  if (live) return { joined: live.id };
  const earlier = own.filter((run) => run.id === id || run.id.startsWith(`${id}/`));
  if (earlier.length === 0) return { id };
  const lastStart =
    earlier
      .map(({ createdAt }) => createdAt)
      .sort()
      .at(-1) ?? '';
  const isReopened = event.type === 'pagerduty.incident.reopened' || (incident?.reopenedAt ?? '') > lastStart;
  // Only the newest of them may be known, and the oldest may have been pruned.
  const newest = Math.max(...earlier.map((run) => Number(run.id.slice(id.length + 1)) || 1));
  return isReopened ? { id: `${id}/${newest + 1}` } : { no: `has not run for it before (${id})` };
}

/**
 * The workflow whose failed run raised this incident, read from the key under which it paged
 * (`baton/<workflow>/<class>/<target>`): the workflow must not be started by its own failure.
 */
function raisedBy(incident: Incident | undefined): string | undefined {
  const [prefix, workflow] = incident?.incidentKey?.split('/') ?? [];
  return prefix === 'baton' ? workflow : undefined;
}
