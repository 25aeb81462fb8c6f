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
  if (!json) output.line(printable(`${run} in plan mode: ${failure?.message ?? outcome ?? state}`));
  if (failure) throw new CliFailure('The plan was not made to its end', { exit: exits.failed });
}

function tellCalls(planned: readonly Planned[], output: Output): void {
  for (const { activity, targets, plan, dryRun, held } of planned) {
    output.line(`${printable(activity)}  ${printable(targets.join(', '))}`.trimEnd());
    if (!plan) output.line('  it is so already');
    else
      for (const line of [...linesOf(plan), ...(dryRun ? [dryRun.said] : [])])
        output.line(`  ${printable(line)}`);
    if (held) output.line(printable(`  would be held: ${held.reason}`));
  }
  if (planned.length === 0) output.line('It would change nothing.');
}

function linesOf({ summary, calls, before, after, inverse }: Plan): string[] {
  const change =
    before === undefined && after === undefined
      ? []
      : [
          `${before === undefined ? 'nothing' : JSON.stringify(before)} → ${after === undefined ? 'as the call does' : JSON.stringify(after)}`,
        ];
  const back =
    'none' in inverse
      ? `cannot be taken back: ${inverse.none}`
      : `taken back by ${inverse.activity} ${JSON.stringify(inverse.input)}`;
  return [summary, ...calls, ...change, back];
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
