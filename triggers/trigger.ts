import type { Duration } from '@temporalio/common';
import { msToNumber } from '@temporalio/common/lib/time.js';
import { isConnectionTest } from '../domain/connection-test.ts';
import { cronOf } from '../domain/cron.ts';
import { aboutSchedules, type DataOf, type Event, type EventType, isFired } from '../domain/event.ts';
import { type Lowering, loweringOf, type Mode, modes, type Standing } from '../domain/mode.ts';
import { type WhenOverdue, whenOverdue as waysToEnd } from '../domain/run.ts';
import { defaultConnection, subjectOf } from '../domain/subject.ts';
import type { WhenAcknowledged } from '../domain/takeover.ts';
import { workflowKinds } from '../workflows/kinds.ts';
import type { SelectedRun } from './run-selection.ts';
import { tagsOf } from './tags.ts';

/** What a trigger says to an event: start this run, or the condition that said no. */
export type Answer = { start: string; id: string; input: unknown } | { no: string };

/** A trigger, with its types forgotten: what the dispatcher asks. */
export interface Trigger {
  name: string;
  on: readonly EventType[];
  workflow: string;
  /** Of its workflow. */
  tags?: readonly string[];
  /** `subject`: at most one live run per subject, which later events join. `event`: each event is its own. */
  each: 'subject' | 'event';
  whenResolved: 'stop' | 'continue';
  whenAcknowledged?: WhenAcknowledged;
  forPeople?: true;
  /** Above so many new incidents of one service within a minute, a further one joins a run of these. */
  storm?: number;
  schedule?: Schedule;
  /** Of which steps of runs it hears. Left out: of all changes, where it is on `activity.…`. */
  steps?: StepSelection;
  /** In which time a run is to end, in seconds, and what becomes of one that does not. */
  finish?: Finish;
  /** How far its runs may go, as its file says: it may have been lowered since. */
  mode: Mode;
  /** The day of the review that said so. */
  reviewed?: string;
  /** Set where it stands lower now. Its file cannot say so. */
  lowered?: Lowering;
  /** Pure. Throws only where a condition or `input` has a fault. */
  respond(event: Event): Answer;
  /** What the run is about, for the key under which a failed run pages. */
  target(event: Event): string;
}

/** Which steps a trigger selects, as far as it is known when their run starts. */
export interface StepSelection {
  /** By their names. Left out: all that change something. */
  activities?: readonly string[];
  isOf(run: SelectedRun): boolean;
}

export interface Finish {
  withinSeconds: number;
  whenOverdue: WhenOverdue;
}

/** When a schedule makes an event. `overlap`: what happens while a run of the last time is still live. */
export interface Schedule {
  /** Five fields, as in crontab(5); day and weekday must both hold. */
  cron: string;
  /** IANA name. UTC when left out. */
  timeZone?: string;
  overlap?: 'skip' | 'allow';
  /** So long after its time it may make its event: `'10 minutes'`. Then it is missed, and people are paged. Left out: 90 seconds. */
  startWithin?: Duration;
}

type Condition<Type extends EventType> = (data: DataOf<Type>, event: Event<Type>) => boolean;

interface Declaration<Type extends EventType, Input> {
  /** Small letters, digits and hyphens: the ids of its runs begin with it. */
  name: string;
  /** The event types that it answers. No other event can start its workflow. */
  on: Type | readonly Type[];
  /** Named conditions, at least one. Each must hold; the first that does not is the reason in the record. */
  when: Record<string, Condition<Type>> | 'always';
  /** The workflow to run. */
  run: (input: Input) => Promise<unknown>;
  input: (data: DataOf<Type>, event: Event<Type>) => NoInfer<Input>;
  /** What the run is about: an instance, a deployment. The incident's service when left out. */
  target?: (data: DataOf<Type>, event: Event<Type>) => string;
  /** `event`: each event starts its own run, as a click does. */
  each?: 'event';
  /** `continue`: a run goes on when a person resolves the incident. */
  whenResolved?: 'continue';
  /**
   * `pause`: once a person has acknowledged the incident, or has reassigned it to themselves, each destructive change of its runs is held, and
   * left to people (the guard `person`). Left out: they go on.
   */
  whenAcknowledged?: WhenAcknowledged;
  /** Its runs keep people up to date or call them, and change nothing at what is broken: a bare `/baton stop` does not mean them. */
  forPeople?: true;
  /**
   * Above so many new incidents of one service and urgency within a minute, a further one starts no run: it joins a live run of this
   * trigger there, which gets it as `incident.gathered` and has to care for it until it is resolved. Left out: each has its own.
   */
  storm?: number;
  /** The time in which a run is to end, waiting for people included: `'2 hours'`. Left out: it takes as long as it takes. */
  finishWithin?: Duration;
  /**
   * What becomes of a run that does not: `page` (where left out) pages people, `cancel` also stops it, `warn` only tells of it, in the record
   * and in the incident's room. The server sees to it, also while no worker lives. Its end takes the page back.
   */
  whenOverdue?: WhenOverdue;
  /** When the events come, of a trigger on `schedule.<name>`. */
  schedule?: Schedule;
  /** As `activities` gives it. */
  steps?: StepSelection;
  /**
   * How far its runs may go without people. Left out: `propose` where its workflow may do what is neither harmless nor reversible, else
   * `auto`; of a workflow whose kind nobody has declared (`workflows/kinds.ts`), `approve`.
   */
  mode?: Mode;
  /** The day on which `mode` was reviewed, `2027-01-31`: what has lowered it before that day counts no more. */
  reviewed?: string;
}

/**
 * Declares a trigger; throws where the declaration cannot be meant. Conditions and `input` are pure functions of the event, so one call
 * tests the whole of it.
 */
export function defineTrigger<const Type extends EventType, Input>(
  declaration: Declaration<Type, Input>,
): Trigger {
  const {
    name,
    run,
    when,
    each = 'subject',
    whenResolved = 'stop',
    forPeople,
    storm,
    schedule,
    steps,
    mode,
    reviewed,
  } = declaration;
  const on: readonly EventType[] = typeof declaration.on === 'string' ? [declaration.on] : declaration.on;
  const { finishWithin, whenOverdue, whenAcknowledged } = declaration;
  const withinSeconds = secondsOf(finishWithin);
  const fault =
    faultOf({ name, on, run, when, whenResolved, storm, schedule, mode, reviewed }) ??
    faultOfFinish(finishWithin, withinSeconds, whenOverdue) ??
    faultOfPause(whenAcknowledged, on, run.name);
  if (fault !== undefined) throw new Error(`The trigger ${name} ${fault}`);
  const names = (event: Event): event is Event<Type> => on.includes(event.type);
  return {
    name,
    on,
    workflow: run.name,
    ...tagsOf(run.name),
    each: schedule?.overlap === 'allow' ? 'event' : each,
    whenResolved,
    ...(whenAcknowledged ? { whenAcknowledged } : {}),
    ...(forPeople ? { forPeople } : {}),
    ...(storm === undefined ? {} : { storm }),
    ...(schedule ? { schedule } : {}),
    ...(steps ? { steps } : {}),
    ...(withinSeconds === undefined ? {} : { finish: { withinSeconds, whenOverdue: whenOverdue ?? 'page' } }),
    mode: declaration.mode ?? modeFor(run.name),
    ...(reviewed === undefined ? {} : { reviewed }),
    respond(event) {
      if (!names(event)) return { no: `is a ${on.join(' or ')} event` };
      const data = event.data as DataOf<Type>;
      if (isConnectionTest(data)) return { no: 'is no test of a connection' };
      for (const [condition, holds] of when === 'always' ? [] : Object.entries(when))
        if (!holds(data, event)) return { no: condition };
      return { start: run.name, id: runId(name, event, each), input: declaration.input(data, event) };
    },
    target(event) {
      if (!names(event)) return '';
      const data = event.data as DataOf<Type>;
      return declaration.target?.(data, event) ?? serviceOf(data);
    },
  };
}

const modeOfKind = { change: 'auto', destructive: 'propose' } as const;

function modeFor(workflow: string): Mode {
  const kind = workflowKinds.get(workflow);
  return kind ? modeOfKind[kind] : 'approve';
}

/** As people read them in run ids, commands and settings. Runs that begin with `schedule/` are Baton's own. */
const namePattern = /^(?!schedule$)[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** For each new incident three times as many earlier ones are read. */
const mostOfStorm = 100;

/** What is wrong, why, and what to do; undefined where nothing is. The compiler tells most of it to those who ask it. */
function faultOf({
  name,
  on,
  run,
  when,
  whenResolved,
  storm,
  schedule,
  mode,
  reviewed,
}: {
  name: string;
  on: readonly EventType[];
  run: unknown;
  when: unknown;
  whenResolved: Trigger['whenResolved'];
  storm: number | undefined;
  schedule: Schedule | undefined;
  mode: string | undefined;
  reviewed: string | undefined;
}): string | undefined {
  if (!namePattern.test(name))
    return 'has no fitting name: the ids of its runs begin with it. Use up to 64 small letters, digits and hyphens, and not "schedule".';
  const never = on.filter((type) => !isFired(type));
  if (on.length === 0 || never.length > 0)
    return `would never fire: there are no events of the type ${never.join(', ') || '(none is named)'}. See EventType in domain/event.ts.`;
  const planned = on.filter((type) => type.startsWith('schedule.') && !aboutSchedules.includes(type));
  const others = on.filter((type) => !planned.includes(type));
  if (schedule && others.length > 0)
    return `has a schedule, which makes no ${others.join(', ')}: those events come from elsewhere. Leave the schedule out, or name a type schedule.<name> only.`;
  if (!schedule && planned.length > 0)
    return `would never fire: nothing makes ${planned.join(', ')}. Give it a schedule: { cron: '0 6 * * *' }.`;
  if (schedule && !cronOf(schedule.cron))
    return `has no fitting cron, "${schedule.cron}": Use the five fields of crontab(5), such as '0 6 * * *'.`;
  if (schedule?.timeZone !== undefined && !isTimeZone(schedule.timeZone))
    return `has a time zone that nobody knows, "${schedule.timeZone}". Use an IANA name, such as 'Europe/Zurich', or leave it out for UTC.`;
  if (schedule?.startWithin !== undefined && !((secondsOf(schedule.startWithin) ?? 0) >= 1))
    return `has no fitting startWithin, ${schedule.startWithin}: it is the time after which its schedule is missed. Write it as '10 minutes' or '90 seconds'.`;
  if (typeof run !== 'function' || run.name === '')
    return 'runs nothing: "run" is no named function. Export the workflow as a function, and list it in workflows/index.ts.';
  if (storm !== undefined && !(Number.isInteger(storm) && storm >= 1 && storm <= mostOfStorm))
    return `has no fitting storm, ${storm}: it is a number of incidents. Use a whole number from 1 to ${mostOfStorm}, or leave it out.`;
  if (storm !== undefined && !on.includes('pagerduty.incident.triggered'))
    return 'would never see a storm: one is of new incidents. Name pagerduty.incident.triggered, or leave storm out.';
  if (storm !== undefined && whenResolved === 'stop')
    return "would leave a storm alone: the resolve of one incident would stop the run that many have joined. Say whenResolved: 'continue', or leave storm out.";
  if (mode !== undefined && !(modes as readonly string[]).includes(mode))
    return `has no fitting mode, ${mode}: there are ${modes.join(', ')}. Use one of these, or leave it out.`;
  if (reviewed !== undefined && mode === undefined)
    return 'was reviewed and says no mode: the day is that of the line that raises it. Say the mode, or leave the day out.';
  if (reviewed !== undefined && !isPastDay(reviewed))
    return `has no fitting day of its review, ${reviewed}: what lowers it before that day would count no more. Use a day that has been, such as 2026-01-31 (UTC).`;
  if (when === 'always') return undefined;
  if (typeof when !== 'object' || when === null || Object.keys(when).length === 0)
    return "has no condition: it would answer every such event. Say so with when: 'always', or name a condition.";
  const wrong = Object.entries(when).filter(([, holds]) => typeof holds !== 'function');
  if (wrong.length > 0)
    return `has a condition that is no function: "${wrong.map(([condition]) => condition).join('", "')}". Write it as ({ title }) => true or false.`;
  return undefined;
}

/** Undefined where it is left out, NaN where it is no time. */
export function secondsOf(duration: Duration | undefined): number | undefined {
  if (duration === undefined) return undefined;
  try {
    return msToNumber(duration) / 1_000;
  } catch {
    return Number.NaN;
  }
}

function faultOfFinish(
  finishWithin: unknown,
  withinSeconds: number | undefined,
  whenOverdue: string | undefined,
): string | undefined {
  if (whenOverdue !== undefined && withinSeconds === undefined)
    return "says what becomes of a run that is overdue, and none ever is. Say when: finishWithin: '2 hours'.";
  if (withinSeconds !== undefined && !(withinSeconds >= 1))
    return `has no fitting finishWithin, ${finishWithin}: it is the time in which a run is to end. Write it as '2 hours' or '90 seconds'.`;
  if (whenOverdue !== undefined && !(waysToEnd as readonly string[]).includes(whenOverdue))
    return `has no fitting whenOverdue, ${whenOverdue}. Use one of ${waysToEnd.join(', ')}.`;
  return undefined;
}

function faultOfPause(
  whenAcknowledged: string | undefined,
  on: readonly EventType[],
  workflow: string,
): string | undefined {
  if (whenAcknowledged === undefined) return undefined;
  if (whenAcknowledged !== 'pause')
    return `has no fitting whenAcknowledged, ${whenAcknowledged}: there is 'pause'. Use it, or leave it out: its runs then go on.`;
  const others = on.filter((type) => !type.startsWith('pagerduty.incident.'));
  if (others.length > 0)
    return `would never pause: ${others.join(', ')} is about no incident that a person could acknowledge. Leave whenAcknowledged out, or name types pagerduty.incident.… only.`;
  if (on.includes('pagerduty.incident.acknowledged'))
    return 'would always pause: an acknowledgement is what it answers. Leave whenAcknowledged out, or name other types.';
  if (workflowKinds.get(workflow) === 'change')
    return `has nothing to pause: ${workflow} does nothing destructive (workflows/kinds.ts). Leave whenAcknowledged out.`;
  return undefined;
}

function isPastDay(day: string): boolean {
  const begins = Date.parse(`${day}T00:00:00Z`);
  return new Date(begins || 0).toISOString().slice(0, 10) === day && begins <= Date.now();
}

/** The triggers as they stand now. */
export const asTheyStand = (triggers: readonly Trigger[], lowerings: readonly Lowering[]): Trigger[] =>
  triggers.map((trigger) => {
    const lowered = loweringOf(trigger, lowerings);
    return lowered ? { ...trigger, lowered } : trigger;
  });

export const standingOf = ({ mode, lowered }: Pick<Trigger, 'mode' | 'lowered'>): Standing =>
  lowered?.mode ?? mode;

/** The triggers that are asked; throws where two cannot be told apart, or want one schedule at two times. */
export function triggerList(triggers: readonly Trigger[]): readonly Trigger[] {
  const names = triggers.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new Error(
      `Two triggers are named ${twice}: their runs would have one id, and only one of them would ever run. Rename one, or list it once.`,
    );
  const times = new Map<string, Schedule>();
  for (const { name, on, schedule } of triggers)
    for (const type of schedule ? on : []) {
      const other = times.get(type);
      if (schedule && other && (other.cron !== schedule.cron || other.timeZone !== schedule.timeZone))
        throw new Error(
          `The trigger ${name} wants ${type} at another time than one before it, and there is one schedule of a name. Name another one, or the same time.`,
        );
      if (schedule) times.set(type, schedule);
    }
  return triggers;
}

/**
 * `<trigger>/<incident id>`, or `<trigger>/<event id>` where there is no incident or each event is its own. Equal events
 * give equal ids, so a repeated delivery starts nothing new. Of another connection than `default`, its name stands before the id: two
 * accounts may use one id.
 */
function runId(trigger: string, event: Event, each: 'subject' | 'event'): string {
  const isAboutIncident = event.type.startsWith('pagerduty.incident.') && event.subject !== undefined;
  const id = subjectOf(event.connection ?? defaultConnection, event.id);
  return `${trigger}/${each === 'subject' && isAboutIncident ? event.subject : id}`;
}

function serviceOf(data: unknown): string {
  const { service } = (data ?? {}) as { service?: { name?: string } };
  return service?.name ?? '';
}
