import { whoMayApprove } from '../domain/approval.ts';
import { otherInputLines } from '../domain/park.ts';
import type { DryRun, Plan } from '../domain/plan.ts';
import { whoMayAnswer } from '../domain/question.ts';
import { type Details, detailOf, type Failure, type RecordRow } from '../domain/record.ts';
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
    text: String(text),
  });
  return told(row, line) ?? [line('>', `${row.action} ${fieldsOf(row.detail)}`)];
}

/** Undefined for an action that is not known here, and for a line that another version has written in another shape. */
function told(row: RecordRow, line: MakeLine): TimelineLine[] | undefined {
  try {
    return (
      received(row, line) ??
      answered(row, line) ??
      ofRun(row, line) ??
      ofActivity(row, line) ??
      ofApproval(row, line) ??
      ofQuestion(row, line) ??
      ofOperation(row, line)
    );
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

type MakeLine = (mark: TimelineLine['mark'], text: string, who?: string) => TimelineLine;

/** In the place of what a line lacks: it may come from another version. */
const unknown = '?';

function received(row: RecordRow, line: MakeLine): TimelineLine[] | undefined {
  const detail = detailOf(row, 'event.received');
  if (!detail) return undefined;
  const { type = unknown, duplicateOf } = detail;
  return [
    line(
      '>',
      duplicateOf === undefined ? `${type} received` : `${type} received again (duplicate of ${duplicateOf})`,
    ),
  ];
}

function ofRun(row: RecordRow, line: MakeLine): TimelineLine[] | undefined {
  const started = detailOf(row, 'run.started');
  if (started) {
    const { run = unknown, workflow = unknown, reason, doubts = [] } = started;
    return [
      line('>', `starts ${run}, workflow ${workflow}${reason === undefined ? '' : `: ${reason}`}`),
      ...doubts.map(({ provider, connection, state }) =>
        line(
          '!',
          `${run} may use the connection ${connection} of ${provider}, which is ${state} (baton connections test)`,
        ),
      ),
    ];
  }
  const said = detailOf(row, 'run.said');
  if (said) return [line('"', said.text ?? unknown)];
  const stuck = detailOf(row, 'run.stuck');
  if (stuck) return [line('!', `${stuck.run ?? unknown} stands still: ${stuck.message ?? unknown}`)];
  const overdue = detailOf(row, 'run.overdue');
  if (overdue)
    return [
      line('!', `${overdue.run ?? unknown} has not ended by ${overdue.dueAt ?? unknown}, when it was to`),
    ];
  const goesOn = detailOf(row, 'run.went_on');
  if (goesOn) return [line('>', `${goesOn.run ?? unknown} goes on`)];
  const ended = detailOf(row, 'run.completed', 'run.failed', 'run.timed_out', 'run.cancelled');
  if (!ended) return undefined;
  const { run = unknown, outcome = unknown, failure } = ended;
  return [line(failure ? '!' : '>', `${run} ended: ${outcome}${failure ? `, ${wordsOf(failure)}` : ''}`)];
}

function ofActivity(row: RecordRow, line: MakeLine): TimelineLine[] | undefined {
  // It prepares what another line tells.
  const intended = detailOf(row, 'activity.intended');
  if (intended) return doubtLine(intended, line);
  const planned = detailOf(row, 'activity.planned') as
    | { activity?: string; plan?: Partial<Plan>; dryRun?: DryRun; held?: { reason: string } }
    | undefined;
  if (planned) {
    const { activity = unknown, plan, dryRun, held } = planned;
    const said = dryRun ? `. ${dryRun.said}` : '';
    return [
      line('>', `${activity} is planned: ${plan?.summary ?? 'it is so already'}${said}`),
      ...(held ? [line('!', `${activity} would be held: ${held.reason}`)] : []),
    ];
  }
  const done = detailOf(row, 'activity.completed');
  if (done) return [...doubtLine(done, line), completed(done, line)];
  const failed = detailOf(row, 'activity.failed');
  if (!failed) return undefined;
  const { activity = unknown, attempt = 1, failure } = failed;
  return [line('!', `${activity} failed (attempt ${attempt}): ${wordsOf(failure)}`)];
}

const doubtLine = ({ activity = unknown, doubt }: { activity?: string; doubt?: string }, line: MakeLine) =>
  doubt === undefined
    ? []
    : [line('!', `${activity} goes by a connection which is ${doubt} (baton connections test)`)];

function ofApproval(row: RecordRow, line: MakeLine): TimelineLine[] | undefined {
  const asked = detailOf(row, 'approval.asked');
  if (asked) {
    const { approval = unknown, summary = unknown, approvers = {}, expiresAt = unknown } = asked;
    return [
      line(
        '>',
        `asks for approval ${approval}: ${summary}; of ${whoMayApprove(approvers)}; until ${expiresAt}`,
      ),
    ];
  }
  const said = detailOf(row, 'approval.answered');
  if (said) {
    const { decision = unknown, name = unknown, reason, state } = said;
    const more = state === 'pending' ? '; more have to approve' : '';
    return [line('>', `${decision} by ${name}${reason === undefined ? '' : `: ${reason}`}${more}`)];
  }
  const closed = detailOf(row, 'approval.closed');
  if (!closed) return undefined;
  const { state = unknown, because = unknown } = closed;
  return [line(state === 'expired' ? '!' : '>', `the approval is ${state}: ${because}`)];
}

function ofQuestion(row: RecordRow, line: MakeLine): TimelineLine[] | undefined {
  const asked = detailOf(row, 'question.asked');
  if (asked) {
    const { question = unknown, summary = unknown, approvers = {}, parked, expiresAt = unknown } = asked;
    const until = `Of ${whoMayAnswer({ approvers, parked })}; until ${expiresAt}`;
    if (parked) return [line('!', `${summary}. Asks (${question}) what becomes of it. ${until}`)];
    return [line('>', `asks (${question}): ${summary} ${until}`)];
  }
  const said = detailOf(row, 'question.answered');
  if (said) {
    const { name = unknown, values = {}, input = {}, reason } = said;
    const pairs = [
      ...Object.entries(values).map(([field, value]) => `${field}=${value}`),
      ...otherInputLines({ input }),
    ];
    return [line('>', `${name} answered ${pairs.join(', ')}${reason === undefined ? '' : `: ${reason}`}`)];
  }
  const closed = detailOf(row, 'question.closed');
  if (!closed) return undefined;
  const { state = unknown, because = unknown } = closed;
  return [line(state === 'expired' ? '!' : '>', `the question is ${state}: ${because}`)];
}

function ofOperation(row: RecordRow, line: MakeLine): TimelineLine[] | undefined {
  if (detailOf(row, 'operation.intended')) return [];
  const done = detailOf(row, 'operation.done');
  if (done) return [line('>', `asks for ${done.operation ?? unknown}`)];
  const refused = detailOf(row, 'operation.refused');
  if (!refused) return undefined;
  const { operation = unknown, reason = unknown } = refused;
  return [line('!', `asks for ${operation}, and is refused: ${reason}`)];
}

const wordsOf = (failure: Partial<Failure> = {}) =>
  `${failure.class ?? unknown}: ${failure.message ?? unknown}`;

/** The condition of a trigger that does not answer events of this type: nothing that a reader has to be told. */
const isOtherType = (reason: string) => /^is an? [\w. -]+ event$/.test(reason);

/** Triggers that say no for the same reason share a line. */
function answered(row: RecordRow, line: MakeLine): TimelineLine[] | undefined {
  const detail = detailOf(row, 'event.answered');
  if (!detail) return undefined;
  const { answers = [], hold } = detail;
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

function completed(detail: Partial<Details['activity.completed']>, line: MakeLine): TimelineLine {
  const { activity = unknown, kind, result, simulated } = detail;
  const { changed, ...rest } = (result ?? {}) as Record<string, unknown>;
  const mark = kind === 'read' ? '.' : changed === false ? '=' : '+';
  const words = [activity, fieldsOf(rest), simulated && kind !== 'read' ? '(simulated)' : ''];
  return line(mark, words.filter((word) => word !== '').join(' '));
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
