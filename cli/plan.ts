import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import type { DryRun, Plan } from '../domain/plan.ts';
import { detailOf } from '../domain/record.ts';
import type { Ask } from '../processes/door.ts';
import { CliFailure, exits } from '../processes/failure.ts';
import type { Wiring } from '../processes/wiring.ts';
import { act, withAsk } from './command.ts';
import { fieldOf } from './input-fields.ts';
import { type Output, printable } from './output.ts';
import { firstOf } from './pages.ts';
import { hung } from './story.ts';

/** So long a plan is waited for: one whose runbook waits takes longer. */
const mostSeconds = 60;
const lookMs = 200;

/** `baton plan <workflow> k=v`: what a workflow would do, to the letter. Nothing is changed. */
export function addPlanCommand(program: Command, wiring: Wiring): void {
  act(
    program
      .command('plan')
      .description('what a workflow would do, to the letter; nothing is changed')
      .argument('<workflow>', 'its name; baton workflows list shows them with what they take')
      .argument('[input...]', 'what it takes, as name=value; a value in JSON is taken as such'),
    wiring,
    async ({ output, json }, workflow = '', ...given) => {
      const input = Object.fromEntries(given.flat().map(fieldOf));
      const asked = { workflow, input, plan: true, reason: 'baton plan' };
      await withAsk(wiring, async (ask) => {
        const { run } = await ask('runs.start', asked);
        await tellPlan(run.id, ask, { output, json });
      });
    },
  );
}

interface Planned {
  activity: string;
  targets: string[];
  plan?: Plan;
  digest?: string;
  held?: { reason: string };
  dryRun?: DryRun;
}

/** Waits until a run in plan mode has ended, and prints what it would have done. */
export async function tellPlan(
  run: string,
  ask: Ask,
  { output, json }: { output: Output; json: boolean },
): Promise<void> {
  const ended = await untilEnded(run, ask);
  const lines = await firstOf((page) => ask('runs.timeline', { id: run, ...page }));
  const planned = lines.flatMap((line) => {
    const detail = detailOf(line, 'activity.planned') as Planned | undefined;
    return detail ? [detail] : [];
  });
  if (json) output.json({ run: ended, planned });
  else tellCalls(planned, output);
  const { failure, outcome, state } = ended;
  if (!json)
    say('', `Nothing was changed. The plan ended: ${failure?.message ?? outcome ?? state} (${run})`, output);
  if (failure) throw new CliFailure('The plan was not made to its end', { exit: exits.failed });
}

function tellCalls(planned: readonly Planned[], output: Output): void {
  for (const { activity, targets, plan, dryRun, held } of planned) {
    say('', `${activity} ${targets.join(', ')}`.trimEnd(), output);
    if (!plan) say('  ', 'it is so already', output);
    else tellChange(plan, output);
    if (plan && dryRun) say('  ', dryRun.said, output);
    if (held) say('  ', `would be held: ${held.reason}`, output);
  }
  if (planned.length === 0) output.line('It would change nothing.');
}

function tellChange({ summary, calls, before, after, inverse }: Plan, output: Output): void {
  for (const line of [summary, ...calls]) say('  ', line, output);
  if (before !== undefined || after !== undefined) tellDifference(before, after, output);
  say(
    '  ',
    'none' in inverse
      ? `cannot be taken back: ${inverse.none}`
      : `taken back by ${inverse.activity}, ${shown(inverse.input)}`,
    output,
  );
}

/** A text of several lines is shown as it will stand there, with a bar before each line. */
function tellDifference(before: unknown, after: unknown, output: Output): void {
  const { text, ...rest } = (after ?? {}) as { text?: unknown };
  const isText = typeof text === 'string' && text.includes('\n');
  say('  ', `before: ${before === undefined ? 'nothing' : shown(before)}`, output);
  if (!isText) {
    say('  ', `after: ${after === undefined ? 'as the call does' : shown(after)}`, output);
    return;
  }
  say(
    '  ',
    `after: ${Object.keys(rest).length === 0 ? 'this text' : `${shown(rest)}, and this text`}`,
    output,
  );
  for (const line of text.split('\n')) say('  | ', line, output, '  |   ');
}

/** `replicas: 6`, `i-0abc…: (instance: impaired, system: ok)`: what JSON says, as one reads it. */
function shown(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const parts = Array.isArray(value)
    ? value.map(inner)
    : Object.entries(value).map(([name, each]) => `${name}: ${inner(each)}`);
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}

const inner = (value: unknown) =>
  typeof value === 'object' && value !== null ? `(${shown(value)})` : shown(value);

/** In lines that a terminal holds. */
function say(before: string, text: string, output: Output, under = `${before}  `): void {
  for (const line of hung(before, printable(text), under)) output.line(line);
}

/** Waits until a run has ended, for a minute at most. */
export async function untilEnded(id: string, ask: Ask) {
  for (const end = Date.now() + mostSeconds * 1_000; ; ) {
    const run = await ask('runs.show', { id });
    if (run.endedAt) return run;
    if (Date.now() > end)
      throw new CliFailure(`${id} has not ended within ${mostSeconds} s`, {
        next: `Its runbook may wait, or there is no worker. baton runs show ${id} tells how far it is.`,
        exit: exits.timedOut,
      });
    await pause(lookMs);
  }
}
