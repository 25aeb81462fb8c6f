import type { Ask } from '../processes/door.ts';
import { CliFailure, exits } from '../processes/failure.ts';
import { type Output, printable } from './output.ts';
import { firstOf } from './pages.ts';
import { printTable } from './table.ts';

export interface TestOptions {
  event?: string;
  last?: number;
}

/** What one trigger says to one event. */
interface Said {
  trigger: string;
  /** The event's own id. */
  event: string;
  /** Its number, where it is stored. */
  seq?: number;
  type: string;
  about?: string | undefined;
  /** It is for events of this type. */
  isForType: boolean;
  answer: 'yes' | 'no' | 'failed';
  /** The condition that said no, or the fault. */
  reason?: string | undefined;
  start?: string | undefined;
  id?: string | undefined;
  input?: unknown;
  /** Why the dispatcher would start nothing for it now, whatever triggers say. */
  held?: string | undefined;
  /** The live run that it would join now, in place of starting one. */
  joins?: string | undefined;
}

export interface Answers {
  answers: Said[];
  /** Of events to which no trigger can be put. */
  left: { seq: number; why: string }[];
}

type Asked = { event: string } | { given: unknown };

/** What triggers say to one event. */
export async function answersTo(asked: Asked, trigger: string | undefined, ask: Ask): Promise<Answers> {
  return { answers: await said(asked, trigger, await typesOf(ask), ask), left: [] };
}

/** What triggers say to the newest stored events, the newest first. One that nobody can read any more is left out, and told. */
export async function answersToLast(last: number, trigger: string | undefined, ask: Ask): Promise<Answers> {
  const types = await typesOf(ask);
  const found: Answers = { answers: [], left: [] };
  for (const { seq, subject } of await firstOf((page) => ask('events.list', page), last)) {
    const answers = await said({ event: String(seq) }, trigger, types, ask).catch((error: unknown) => {
      if (!(error instanceof CliFailure) || error.exit !== exits.conflict) throw error;
      found.left.push({ seq, why: error.message });
      return [];
    });
    found.answers.push(...answers.map((each) => ({ ...each, seq, about: subject })));
  }
  return found;
}

/** The event types of each trigger. */
async function typesOf(ask: Ask): Promise<ReadonlyMap<string, readonly string[]>> {
  const { items } = await ask('triggers.list', {});
  return new Map(items.map(({ name, on }) => [name, on]));
}

async function said(
  asked: Asked,
  trigger: string | undefined,
  types: ReadonlyMap<string, readonly string[]>,
  ask: Ask,
): Promise<Said[]> {
  const { event, type, answers, now } = await ask('events.test', { trigger, ...asked });
  return answers.map(({ trigger: name, ...answer }) => ({
    trigger: name,
    event,
    type,
    isForType: types.get(name)?.includes(type) === true,
    ...answer,
    held: now?.hold?.reason,
    joins: now?.answers.find((each) => each.trigger === name && each.answer === 'joined')?.reason,
  }));
}

interface Printing {
  output: Output;
  json: boolean;
}

const asJson = ({ trigger, event, seq, answer, reason, start, id, input, joins }: Said) => ({
  trigger,
  event,
  ...(seq === undefined ? {} : { seq }),
  ...(answer === 'no' ? { no: reason } : answer === 'failed' ? { failed: reason } : { start, id, input }),
  ...(joins === undefined ? {} : { joins }),
});

/** The answer of one trigger to one event, with the whole input of the run. */
export function printOne(one: Said, { output, json }: Printing): void {
  const { trigger, answer, reason, start, id, input, joins } = one;
  if (answer === 'failed')
    throw new CliFailure(`The trigger ${trigger} failed: ${reason}`, { exit: exits.failed });
  if (json) output.json(asJson(one));
  else if (answer === 'no') output.line(printable(`no: "${reason}" does not hold`));
  else {
    output.line(printable(`yes: starts ${id}, workflow ${start}, with`));
    output.json(input);
    if (joins !== undefined) output.line(printable(`As things stand now, it joins ${joins}`));
  }
}

/** A line for each trigger that is for the event. Fails where a trigger has failed. */
export function printAnswers({ answers, left }: Answers, { output, json }: Printing): void {
  for (const { seq, why } of left) output.note(`Event ${seq} is left out. ${why}`);
  const shown = answers.filter(({ isForType, answer }) => isForType || answer !== 'no');
  if (json) output.json(answers.map(asJson));
  else if (shown.length > 0) {
    const head = ['EVENT', 'TYPE', 'ABOUT', 'TRIGGER', 'ANSWER', 'WHY'];
    const rows = shown.map((one) => [
      String(one.seq ?? one.event),
      one.type,
      one.about ?? '',
      one.trigger,
      one.answer,
      whyOf(one),
    ]);
    printTable(head, rows, output);
  }
  const others = answers.length - shown.length;
  if (!json && others > 0)
    output.note(`${others} answers of triggers for other types of events are left out.`);
  const failed = answers.filter(({ answer }) => answer === 'failed').length;
  if (failed > 0)
    throw new CliFailure(`${failed} of ${answers.length} answers failed`, { exit: exits.failed });
}

function whyOf({ answer, reason, start, id, held, joins }: Said): string {
  if (answer === 'no') return `"${reason}" does not hold`;
  if (answer === 'failed') return reason ?? '';
  if (joins !== undefined) return `now joins ${joins}`;
  return `starts ${id}, workflow ${start}${held === undefined ? '' : `; now held back: ${held}`}`;
}
