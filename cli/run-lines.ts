import { dated } from '../domain/story/step.ts';
import type { ShownRun } from '../server/operations/shapes.ts';
import { printable } from './output.ts';

/** What began a run, for whom, and the code that carries it out: a line each, as far as it is known. */
export function beginningLines(run: ShownRun): string[] {
  const { actor, worker, mode } = run;
  const began = beganBy(run);
  return [
    ...(mode === undefined ? [] : [`mode: ${modeWords[mode]}`]),
    ...(began === undefined ? [] : [`began by: ${began}`]),
    ...(actor === undefined ? [] : [`on behalf of: ${actor}`]),
    ...(worker === undefined ? [] : [`worker: ${codeOf(worker)}`]),
  ].map(printable);
}

/** The same in one line. */
export function beginningLine(run: ShownRun): string {
  const { actor, worker } = run;
  const began = beganBy(run);
  return printable(
    [
      ...(began === undefined ? [] : [`by ${began}`]),
      ...(actor === undefined ? [] : [`for ${actor}`]),
      ...(worker === undefined ? [] : [`with ${codeOf(worker)}`]),
    ].join(', '),
  );
}

/** Each mode, and what it means for a run. */
const modeWords: Record<NonNullable<ShownRun['mode']>, string> = {
  plan: 'plan – nothing is changed',
  observe: 'observe – nothing is changed',
  propose: 'propose – it asks before it changes anything',
  approve: 'approve – it asks before each destructive change',
  auto: 'auto',
};

export const beganBy = ({ event, operation }: ShownRun) =>
  event ? `${event.type} (${event.id})` : operation;

const codeOf = ({ build, commit }: NonNullable<ShownRun['worker']>) =>
  `build ${build}${commit === undefined ? '' : `, commit ${commit}`}`;

type Standing = Pick<ShownRun, 'state'> &
  Partial<Pick<ShownRun, 'outcome' | 'failure' | 'stuck' | 'waitsFor' | 'doing' | 'waiting'>>;

/** Where a run stands, and for what and until when it waits. */
export function runState({
  state,
  outcome,
  failure,
  stuck,
  waitsFor = [],
  doing = [],
  waiting,
}: Standing): string {
  if (stuck && !stuck.over) return `stands still since ${dated(stuck.since)} (${stuck.reason})`;
  if (failure) return `${state}: ${failure.class}: ${failure.message}`;
  const [waits] = waitsFor;
  if (waits) return `waits for ${waitNames[waits.kind]} until ${dated(waits.until)}: ${waits.summary}`;
  const [retried] = doing.filter(({ retryAt }) => retryAt !== undefined);
  if (retried)
    return `tries ${retried.activity} again at ${dated(retried.retryAt ?? '')}, for attempt ${retried.attempt} (${retried.failure ?? 'no answer'})`;
  if (waiting)
    return `waits for ${waiting.for}${waiting.until === undefined ? '' : ` until ${dated(waiting.until)}`}`;
  const [now] = doing;
  if (now) return `${state}: ${now.activity} since ${dated(now.since ?? '')}`;
  return outcome === undefined || outcome === state ? state : `${state}: ${outcome}`;
}

const waitNames = {
  approval: 'an approval',
  answer: 'an answer',
  parked: 'a decision about a failed step',
} as const;
