import type { RecordRow } from '../record.ts';
import { type Known, type MakeStep, nothingKnown, type Step, type StepKind, stepsOf } from './step.ts';
import { fieldsOf, toldOfActivity } from './told-activity.ts';
import { toldOfEvent } from './told-event.ts';
import { toldOfPeople } from './told-people.ts';
import { toldOfProcess } from './told-process.ts';
import { toldOfRun } from './told-run.ts';

/** Tells lines of the record, given in their order. What one of them says is known to those that come after it. */
export interface Teller {
  /** The steps that a line tells: none where it only prepares another, several where it holds several answers. */
  tell(row: RecordRow): Step[];
}

export function tellerOf(known: Known = nothingKnown()): Teller {
  return {
    tell(row) {
      const make = stepsOf(row);
      return told(row, make, known) ?? [make('said', `${row.action} ${fieldsOf(row.detail)}`)];
    },
  };
}

/** Undefined for an action that is not known here, and for a line that another version has written in another shape. */
function told(row: RecordRow, make: MakeStep, known: Known): Step[] | undefined {
  try {
    return (
      toldOfEvent(row, make, known) ??
      toldOfRun(row, make) ??
      toldOfProcess(row, make) ??
      toldOfActivity(row, make, known) ??
      toldOfPeople(row, make, known)
    );
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** A check that is repeated until something holds, told once for all its times: the last one. */
export function withoutRepeats<Each extends Pick<Step, 'kind' | 'activity' | 'run' | 'actor'>>(
  steps: readonly Each[],
): Each[] {
  const shown: Each[] = [];
  const isSame = (one: Each, other: Each | undefined) =>
    one.kind === 'read' &&
    other?.kind === 'read' &&
    one.activity === other.activity &&
    one.activity !== undefined &&
    one.run === other.run;
  for (const step of steps) {
    if (isSame(step, shown.at(-1))) shown.pop();
    shown.push(step);
  }
  return shown;
}

/** `>` an event, a run, a decision; `-` an answer no; `.` a read; `+` a change; `=` found so already; `!` a problem; `"` words. */
export type Mark = '>' | '-' | '.' | '+' | '=' | '!' | '"';

const marks: Readonly<Record<StepKind, Mark>> = {
  event: '>',
  answer: '-',
  ignored: '-',
  started: '>',
  ended: '>',
  read: '.',
  changed: '+',
  unchanged: '=',
  planned: '>',
  asked: '>',
  decided: '>',
  said: '"',
  waits: '>',
  problem: '!',
  operation: '>',
  process: '>',
  log: '>',
  message: '"',
};

/** A yes of a trigger names the run that it stands for. */
export const markOf = ({ kind, run }: Pick<Step, 'kind' | 'run'>): Mark =>
  kind === 'answer' && run !== undefined ? '>' : marks[kind];
