import { z } from 'zod';
import type { RecordRow } from '../domain/record.ts';
import { paint, printable, type Tone } from './output.ts';

/** One step of the story, as a person reads it. */
export interface TimelineLine {
  at: string;
  who: string;
  /** `>` an event or a run, `-` an answer no, `.` a read, `+` a change, `=` found so already, `!` a problem, `"` words. */
  mark: '>' | '-' | '.' | '+' | '=' | '!' | '"';
  text: string;
}

/** The steps that a line of the record tells: none where it only prepares another, several where it holds several answers. */
export function timelineOf(row: RecordRow): TimelineLine[] {
  const line = (mark: TimelineLine['mark'], text: string, who = shortActor(row.actor)): TimelineLine => ({
    at: row.at,
    who,
    mark,
    text,
  });
  switch (row.action) {
    case 'event.received':
      return received(row).map((text) => line('>', text));
    case 'event.answered':
      return answered(row, line);
    case 'run.started':
      return [line('>', `starts ${read(started, row).run}, workflow ${read(started, row).workflow}`)];
    case 'run.stuck':
      return [line('!', `${read(stood, row).run} stands still: ${read(stood, row).message}`)];
    case 'run.went_on':
      return [line('>', `${read(stood, row).run} goes on`)];
    case 'run.said':
      return [line('"', read(said, row).text)];
    case 'activity.intended':
      return [];
    case 'activity.planned': {
      const { activity, plan } = read(wouldBe, row);
      return [line('>', `${activity} is planned: ${plan?.summary ?? 'it is so already'}`)];
    }
    case 'activity.completed':
      return [completed(row, line)];
    case 'activity.failed': {
      const { activity, attempt, failure } = read(failed, row);
      return [line('!', `${activity} failed (attempt ${attempt}): ${failure.class}: ${failure.message}`)];
    }
    default:
      return [
        row.action.startsWith('run.') ? ended(row, line) : line('>', `${row.action} ${fieldsOf(row.detail)}`),
      ];
  }
}

type MakeLine = (mark: TimelineLine['mark'], text: string, who?: string) => TimelineLine;

const word = z.string().catch('?');
const eventReceived = z.object({ type: word, duplicateOf: z.number().optional() });
const eventAnswered = z.object({
  answers: z.array(z.object({ trigger: word, answer: word, reason: word })).catch([]),
  hold: z.object({ disposition: word, reason: word }).optional(),
});
const started = z.object({ run: word, workflow: word });
const stood = z.object({ run: word, message: word });
const said = z.object({ text: word });
const failure = z.object({ class: word, message: word });
const completedActivity = z.object({
  activity: word,
  kind: word,
  result: z.record(z.string(), z.unknown()).catch({}),
  simulated: z.boolean().catch(false),
});
const wouldBe = z.object({ activity: word, plan: z.object({ summary: word }).optional() });
const failed = z.object({ activity: word, attempt: z.number().catch(1), failure });
const runEnded = z.object({ run: word, outcome: word, failure: failure.optional() });

/** The record is ours, but old lines may come from another version: what a line lacks shows as `?`. */
function read<Shape extends z.ZodType>(shape: Shape, { detail }: RecordRow): z.output<Shape> {
  return shape.parse(detail);
}

function received(row: RecordRow): string[] {
  const { type, duplicateOf } = read(eventReceived, row);
  return [
    duplicateOf === undefined ? `${type} received` : `${type} received again (duplicate of ${duplicateOf})`,
  ];
}

/** The condition of a trigger that does not answer events of this type: nothing that a reader has to be told. */
const isOtherType = (reason: string) => /^is an? [\w. ]+ event$/.test(reason);

/** Triggers that say no for the same reason share a line. */
function answered(row: RecordRow, line: MakeLine): TimelineLine[] {
  const { answers, hold } = read(eventAnswered, row);
  const no = Map.groupBy(
    answers.filter(({ answer, reason }) => answer === 'no' && !isOtherType(reason)),
    ({ reason }) => reason,
  );
  const other = answers.filter(({ answer }) => answer !== 'no');
  const lines = [
    ...(hold ? [line('-', `starts nothing: ${hold.reason}`)] : []),
    ...[...no].map(([reason, group]) =>
      line('-', `no: "${reason}" does not hold`, group.map(({ trigger }) => trigger).join(', ')),
    ),
    ...other.map(({ trigger, answer, reason }) =>
      line(answer === 'failed' ? '!' : '>', answer === 'matched' ? 'yes' : `${answer}: ${reason}`, trigger),
    ),
  ];
  return lines.length > 0 ? lines : [line('-', 'starts nothing: no trigger answers events of this type')];
}

function completed(row: RecordRow, line: MakeLine): TimelineLine {
  const { activity, kind, result, simulated } = read(completedActivity, row);
  const { changed, ...rest } = result;
  const mark = kind === 'read' ? '.' : changed === false ? '=' : '+';
  const words = [activity, fieldsOf(rest), simulated && kind !== 'read' ? '(simulated)' : ''];
  return line(mark, words.filter((word) => word !== '').join(' '));
}

function ended(row: RecordRow, line: MakeLine): TimelineLine {
  const { run, outcome, failure: why } = read(runEnded, row);
  return line(
    why ? '!' : '>',
    why ? `${run} ended: ${outcome}, ${why.class}: ${why.message}` : `${run} ended: ${outcome}`,
  );
}

const fieldsShown = 3;
const longestField = 60;

/**
 * The plain fields that say something to a person, as `name value`. Ids of the provider's own and times are for the whole record,
 * as are lists and objects.
 */
function fieldsOf(detail: Record<string, unknown>): string {
  const plain = Object.entries(detail).filter(
    ([name, value]) =>
      (typeof value === 'string' || typeof value === 'number' || value === true) &&
      !/^(id|ts|permalink)$|(Id|At|Key)$/.test(name),
  );
  return plain
    .slice(0, fieldsShown)
    .map(([name, value]) => (value === true ? name : `${name} ${shorten(String(value))}`))
    .join(', ');
}

const shorten = (text: string) => (text.length > longestField ? `${text.slice(0, longestField - 1)}…` : text);

/** `trigger:ec2-unhealthy` → `ec2-unhealthy`. */
const shortActor = (actor: string) => actor.replace(/^(trigger|person|token|baton):/, '');

const tones: Partial<Record<TimelineLine['mark'], Tone>> = {
  '-': 'dim',
  '.': 'dim',
  '+': 'green',
  '!': 'red',
};
const widthOfWho = 22;

/** `03:02:11  ec2-unhealthy           + rebootEc2Instances …`; times in UTC. */
export function formatLine({ at, who, mark, text }: TimelineLine, color: boolean): string {
  const line = `${at.slice(11, 19)}  ${printable(who).padEnd(widthOfWho)}  ${mark} ${printable(text)}`;
  return paint(line, tones[mark], color);
}

/** The story so far, with a read that is repeated until something holds shown once for all its times. */
export function storyOf(rows: readonly RecordRow[]): TimelineLine[] {
  const lines: TimelineLine[] = [];
  for (const line of rows.flatMap(timelineOf)) {
    const last = lines.at(-1);
    if (line.mark === '.' && last?.mark === '.' && nameOf(last) === nameOf(line)) lines.pop();
    lines.push(line);
  }
  return lines;
}

const nameOf = ({ who, text }: TimelineLine) => `${who} ${text.split(' ')[0]}`;
