import { dirname } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { type Difference, differencesOf } from '../domain/difference.ts';
import { lookOf, type PastIncident } from '../domain/look.ts';
import type { Judgement, PossibleChange, PossibleRun } from '../domain/verdict.ts';
import { CliFailure } from '../processes/failure.ts';
import type { Wiring } from '../processes/wiring.ts';
import { begunBy, cited, counted, readThen, targetsOf, tellAccount, tellLimits } from './account-past.ts';
import { act } from './command.ts';
import { parseDays } from './days.ts';
import { type Output, paint, printable } from './output.ts';
import { listed } from './wrapped.ts';

interface Options {
  since: number;
  compare?: string;
  maxRuns?: number;
}

/** `baton backtest`: what the triggers of this code would have begun, and how that differs from another commit's. Changes nothing. */
export function addBacktestCommand(program: Command, wiring: Wiring): void {
  act<Options>(
    program
      .command('backtest')
      .description('what triggers would have run on past incidents, and how that has changed; only reads')
      .option('--since <days>', 'from so long ago on, as 90d', parseDays, 90)
      .option('--compare <ref>', 'with the triggers of this branch, tag or commit')
      .option('--max-runs <n>', 'fail where a trigger would have begun more', parseCount),
    wiring,
    async ({ output, json, options: { since: days, compare, maxRuns } }) => {
      const { judge } = await import('../processes/judgement.ts');
      const { past, incidents } = await readThen(wiring, { days }, output);
      const { events, ...account } = past;
      const here = await judge(events, {
        triggers: await wiring.loadTriggers(),
        activities: await wiring.loadActivities(),
        workflowsFolder: dirname(wiring.workflowsPath),
      });
      const { judgeAt } = await import('../processes/other-code.ts');
      const there = compare === undefined ? undefined : await judgeAt(compare, events, wiring.workflowsPath);
      const differences = there && differencesOf(here, there);
      if (json)
        output.json({
          ...account,
          incidents: incidents.length,
          triggers: here.map((each) => ({ ...lookOf(each, incidents), runs: each.runs })),
          ...(differences ? { compared: compare, differences } : {}),
        });
      else {
        tellAccount(past, incidents.length, output);
        tellTriggers(here, incidents, output);
        if (differences && compare !== undefined) tellDifferences(differences, compare, incidents, output);
        tellLimits(past, here, output);
      }
      failAbove(maxRuns, here);
    },
  );
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count))
    throw new InvalidArgumentError('It is a whole number, 0 or more.');
  return count;
}

function failAbove(most: number | undefined, judgement: Judgement): void {
  const above = judgement.filter(({ runs }) => most !== undefined && runs.length > most);
  if (above.length === 0) return;
  const named = above.map(({ trigger, runs }) => `${trigger} ${runs.length}`).join(', ');
  throw new CliFailure(`More runs than ${most} would have begun: ${named}`, {
    next: 'Narrow the conditions of the triggers, or allow more by --max-runs.',
  });
}

function tellTriggers(judgement: Judgement, incidents: readonly PastIncident[], output: Output): void {
  for (const verdict of judgement) {
    if (!verdict.isTold) continue;
    const look = lookOf(verdict, incidents);
    output.line();
    output.line(paint(verdict.trigger, 'bold', output.color));
    for (const line of [...begunBy(look), ...targetsOf(look)]) output.line(line);
    if (look.runs > 0) tellChanges(verdict.changes, output);
  }
}

function tellChanges(changes: readonly PossibleChange[], output: Output): void {
  const named = (wanted: string) =>
    changes.flatMap(({ activity, kind }) => (kind === wanted ? [activity] : []));
  const [harmless, destructive] = [named('change'), named('destructive')];
  if (harmless.length > 0) for (const line of listed('may change by', harmless, '  ')) output.line(line);
  if (destructive.length > 0)
    for (const line of listed('destructive:', destructive, '  '))
      output.line(paint(line, 'red', output.color));
}

function tellDifferences(
  differences: readonly Difference[],
  ref: string,
  incidents: readonly PastIncident[],
  output: Output,
): void {
  output.line();
  output.line(paint(`Against ${printable(ref)}`, 'bold', output.color));
  const numbers = new Map(incidents.map(({ id, number }) => [id, String(number ?? id)]));
  const tell = (trigger: string, words: string, runs: readonly PossibleRun[]) => {
    if (runs.length === 0) return;
    const about = runs.map(({ subject }) => numbers.get(subject) ?? subject);
    for (const line of listed(
      `${trigger}: ${counted(runs.length, 'run')} ${words}, on incidents`,
      cited(about, 24),
      '  ',
    ))
      output.line(line);
  };
  const tellActivities = (trigger: string, words: string, changes: readonly PossibleChange[]) => {
    if (changes.length === 0) return;
    const named = changes.map(({ activity, kind }) =>
      kind === 'change' ? activity : `${activity} (${kind})`,
    );
    for (const line of listed(`${trigger}: ${words}`, named, '  ')) output.line(line);
  };
  for (const { trigger, only, added, removed, changed, gained, lost } of differences) {
    if (only === 'here') output.line(`  ${trigger}: is new`);
    if (only === 'there') output.line(`  ${trigger}: is there no longer`);
    tell(trigger, 'more', added);
    tell(trigger, 'fewer', removed);
    tell(trigger, 'with another workflow, target or input', changed);
    if (!only) tellActivities(trigger, 'may also change by', gained);
    if (!only) tellActivities(trigger, 'changes no more by', lost);
  }
  const isSame = differences.every(
    ({ only, ...lists }) =>
      !only &&
      [lists.added, lists.removed, lists.changed, lists.gained, lists.lost].every(
        ({ length }) => length === 0,
      ),
  );
  if (isSame) output.line('  No trigger would have begun other runs, or changed anything else.');
}
