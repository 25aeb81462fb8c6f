import type { Disposition } from '../../domain/disposition.ts';
import type { HoldScope } from '../../domain/guard.ts';
import type { RunMode } from '../../domain/mode.ts';
import { detailOf, type RecordedAnswer, type RecordRow } from '../../domain/record.ts';
import { dated } from '../../domain/story/step.ts';
import { targetId } from '../../domain/story/told-activity.ts';
import { conditionInWords, holdInWords, isCondition, isOtherType } from '../../domain/story/told-event.ts';
import type { ListedEvent } from '../../store/events/events.ts';

/** What a trigger said to an event: `off`: it is switched off. */
export interface WhyAnswer {
  trigger: string;
  answer: 'yes' | 'no' | 'failed' | 'off';
  /** The trigger is for events of this type. */
  forType: boolean;
  /** The condition that said no. */
  condition?: string;
  mode?: RunMode;
  run?: string;
  /** In a sentence. */
  reason?: string;
}

/** Why an event has started what it has, and nothing else. */
export interface EventWhy {
  id: string;
  seq: number;
  type: string;
  at: string;
  disposition: Disposition | 'pending';
  /** In a sentence. */
  reason: string;
  answers: WhyAnswer[];
}

export interface HeldChange {
  run: string;
  activity: string;
  target: string;
  guard: string;
  reason: string;
  retryAt?: string;
}

/** Why events that wait are not dispatched, where that is known. */
export type WaitingBecause = (since: string) => string;

function answerOf({ trigger, answer, reason, mode }: RecordedAnswer): WhyAnswer {
  const how = mode === undefined ? {} : { mode };
  if (answer === 'matched') return { trigger, answer: 'yes', forType: true, run: reason, ...how };
  if (answer === 'joined')
    return {
      trigger,
      answer: 'yes',
      forType: true,
      run: reason.split(/[ :]/)[0] ?? reason,
      reason: `joins ${reason}`,
      ...how,
    };
  if (answer === 'failed') return { trigger, answer: 'failed', forType: true, reason };
  if (reason.startsWith('was switched off'))
    return { trigger, answer: 'off', forType: true, reason: conditionInWords(reason) };
  const condition = isCondition(reason) ? { condition: reason } : {};
  return {
    trigger,
    answer: 'no',
    forType: !isOtherType(reason),
    ...condition,
    reason: conditionInWords(reason),
  };
}

/** Of one event, with the line that holds what triggers said to it last; undefined where there is none. */
export function whyOfEvent(
  event: ListedEvent,
  answered: RecordRow | undefined,
  waitsBecause: WaitingBecause,
): EventWhy {
  const { answers = [], hold } = (answered && detailOf(answered, 'event.answered')) ?? {};
  const told = answers.map(answerOf);
  return {
    id: event.eventId,
    seq: event.seq,
    type: event.type,
    at: event.receivedAt,
    disposition: event.disposition ?? 'pending',
    reason: answered || !isSettled(event) ? reasonOf(event, told, hold, waitsBecause) : notKept(event),
    answers: told,
  };
}

/** Triggers were asked about it. */
const isSettled = ({ disposition }: ListedEvent) =>
  disposition === 'dispatched' || disposition === 'ignored' || disposition === 'stale';

const notKept = ({ reason = '' }: ListedEvent) =>
  `What triggers said to it is not kept any more${reason === '' ? '' : `; what became of it: ${reason}`}.`;

function reasonOf(
  { disposition, reason = '', receivedAt }: ListedEvent,
  answers: readonly WhyAnswer[],
  hold: { disposition: string; reason: string } | undefined,
  waitsBecause: WaitingBecause,
): string {
  if (disposition === undefined) return waitsBecause(receivedAt);
  if (disposition === 'parked')
    return `It is parked: ${reason}. Correct the fault, then: baton events replay`;
  if (disposition === 'duplicate')
    return `It is a duplicate: ${reason || 'the same delivery came before'}, and was dropped.`;
  const runs = answers.flatMap(({ run }) => run ?? []);
  if (runs.length > 0) return `It led to ${listed(runs)}.`;
  const told = /told \d+ live runs?/.exec(reason)?.[0];
  const passedOn = told === undefined ? '' : ` It was passed on to ${told.slice(5)}.`;
  if (hold) return `It starts nothing new: ${holdInWords(hold)}.${passedOn}`;
  if (disposition === 'stale') return `It starts nothing: it came late. ${reason}`;
  return `${noneFits(answers)}${passedOn}`;
}

/** Why no trigger has said yes, in one sentence. */
function noneFits(answers: readonly WhyAnswer[]): string {
  const own = answers.filter(({ forType }) => forType);
  if (own.length === 0) return 'No trigger answers events of this type.';
  const [first] = own;
  if (own.length === 1 && first) return `${first.trigger} says no: ${first.reason}.`;
  const said = own.slice(0, 3).map(({ trigger, reason }) => `${trigger}: ${reason}`);
  return `${own.length} triggers say no: ${said.join('; ')}${own.length > 3 ? '; …' : '.'}`;
}

/** The changes that guards hold, as the record of their runs tells: one that was made after it is held no more. */
export function heldChanges(lines: readonly RecordRow[]): HeldChange[] {
  const held = new Map<string, HeldChange>();
  const targets = new Map<string, readonly string[]>();
  for (const line of lines) {
    const intended = detailOf(line, 'activity.intended');
    if (intended?.key !== undefined) targets.set(intended.key, intended.targets ?? []);
    const made = detailOf(line, 'activity.completed');
    if (made?.key !== undefined) held.delete(made.key);
    const planned = detailOf(line, 'activity.planned') as
      | {
          run?: string;
          activity?: string;
          key?: string;
          targets?: string[];
          held?: { guard: string; reason: string; retryAt?: string };
        }
      | undefined;
    if (planned?.held && planned.key !== undefined)
      held.set(planned.key, heldIn(planned, planned.held.reason, planned.held, planned.targets));
    const refused = detailOf(line, 'activity.refused');
    if (refused?.held && refused.key !== undefined)
      held.set(
        refused.key,
        heldIn(
          refused,
          refused.failure?.message ?? '',
          refused.held,
          targets.get(refused.key) ?? targetsIn(refused.input),
        ),
      );
  }
  return [...held.values()];
}

function heldIn(
  { run = '?', activity = '?' }: { run?: string; activity?: string },
  reason: string,
  { guard, retryAt }: { guard: string; retryAt?: string },
  targets: readonly string[] = [],
): HeldChange {
  return {
    run,
    activity,
    target: targets.map(targetId).join(', '),
    guard,
    reason,
    ...(retryAt === undefined ? {} : { retryAt }),
  };
}

/** The line of a refusal names no targets, and its input does. */
const targetsIn = (input: unknown): string[] =>
  Object.entries((input ?? {}) as Record<string, unknown>).flatMap(([name, value]) =>
    /(Id|Ids|name|namespace|deployment)$/.test(name) && name !== 'connection'
      ? (Array.isArray(value) ? value : [value]).filter((each): each is string => typeof each === 'string')
      : [],
  );

/** A live run, as far as it says why nothing else runs. */
export interface LiveRun {
  id: string;
  state: string;
  outcome?: string | undefined;
  event?: { type: string } | undefined;
  waitsFor?: readonly { kind: string; summary: string; until: string }[] | undefined;
  waiting?: { for: string; until?: string } | undefined;
}

const mostNamed = 5;

type Switch = HoldScope & { kind: string; reason: string };

/** One that holds everything says the most; of a limited one, what it holds. */
function stoppedBy(killSwitches: readonly Switch[]): string {
  const limitsOf = ({ provider, workflow, service, activity, target }: Switch) =>
    [
      provider && `the provider ${provider}`,
      workflow && `the workflow ${workflow}`,
      service && `the service ${service}`,
      activity,
      target,
    ].filter((limit) => limit !== undefined && limit !== '');
  const whole = killSwitches.find((each) => limitsOf(each).length === 0);
  if (whole) return ` The kill switch is on (${whole.reason}), so nothing is changed.`;
  const [first] = killSwitches;
  return first ? ` The kill switch is on for ${limitsOf(first).join(', ')} (${first.reason}).` : '';
}

/** It is about the incident itself, and not about what another run asks people or how that ended. */
const isOwn = ({ event }: LiveRun) => !/^(approval|question|run)\./.test(event?.type ?? '');

/** One sentence: what runs or has run, or why nothing has. */
export function summaryOf(
  events: readonly EventWhy[],
  all: readonly LiveRun[],
  held: readonly HeldChange[],
  switches: readonly Switch[],
): string {
  const runs = all.some(isOwn) ? all.filter(isOwn) : all;
  const live = runs.filter(({ state }) => state === 'starting' || state === 'running');
  const stopped = stoppedBy(switches.filter(({ kind }) => kind === 'kill-switch'));
  const [last] = held;
  const guarded = last === undefined ? '' : ` ${last.activity} is held: ${last.reason}.`;
  const ended = listed(
    runs
      .filter((run) => !live.includes(run))
      .slice(0, mostNamed)
      .map(({ id, outcome, state }) => `${id} (${outcome ?? state})`),
  );
  const over = ended === '' ? '' : ` Ended: ${ended}.`;
  if (live.length > 0)
    return `${live.length === 1 ? 'One run is' : `${live.length} runs are`} under way: ${listed(live.map(doingOf))}.${over}${guarded}${stopped}`;
  if (runs.length > 0) return `Nothing runs now.${over}${guarded}${stopped}`;
  const [joined] = events.flatMap(({ answers }) => answers.flatMap(({ run }) => run ?? []));
  if (joined !== undefined) return `It has no run of its own: it is taken up by ${joined}.${stopped}`;
  const pending = events.find(({ disposition }) => disposition === 'pending');
  if (pending) return `Nothing has run yet. ${pending.reason}${stopped}`;
  const parked = events.find(({ disposition }) => disposition === 'parked');
  if (parked) return `Nothing ran. ${parked.reason}${stopped}`;
  // What was held for another reason than its conditions says less of why nothing ran at all.
  const telling = events.findLast(({ answers }) => answers.some(({ forType }) => forType)) ?? events.at(-1);
  if (!telling) return `Nothing ran: no event about it is kept.${stopped}`;
  return `Nothing ran. ${telling.reason}${stopped}`;
}

function doingOf({ id, waitsFor: [first] = [], waiting }: LiveRun): string {
  if (first) return `${id} (waits for ${askedFor(first.kind)} until ${dated(first.until)})`;
  if (!waiting) return id;
  return `${id} (waits for ${waiting.for}${waiting.until === undefined ? '' : ` until ${dated(waiting.until)}`})`;
}

function askedFor(kind: string): string {
  if (kind === 'approval') return 'an approval';
  return kind === 'parked' ? 'a decision about the step at which it is parked' : 'an answer';
}

const listed = (items: readonly string[]) => new Intl.ListFormat('en').format(items);
