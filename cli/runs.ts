import { Argument, type Command, Option } from 'commander';
import { type ParkDecision, parkDecisions } from '../domain/park.ts';
import { runStates } from '../domain/run.ts';
import { dated } from '../domain/story/step.ts';
import { tellerOf, withoutRepeats } from '../domain/story/story.ts';
import type { Wiring } from '../processes/wiring.ts';
import type { ShownRun } from '../server/operations/shapes.ts';
import { act, orNotFound, parseLimit, withAsk } from './command.ts';
import { fieldOf } from './input-fields.ts';
import { printable } from './output.ts';
import { firstOf } from './pages.ts';
import { printParked } from './parked.ts';
import { beginningLines, runState } from './run-lines.ts';
import { standing } from './standing.ts';
import { hung, storyPrinter } from './story.ts';

interface UnparkOptions {
  input?: string[];
  reason?: string;
  question?: string;
}

interface ListOptions {
  live?: boolean;
  incident?: string;
  build?: string;
  state?: (typeof states)[number];
  workflow?: string;
  find?: string;
  limit: number;
}

const states = [...runStates, 'waiting', 'working', 'parked', 'retrying'] as const;

/** `baton runs …`: executions of workflows. */
export function addRunCommands(program: Command, wiring: Wiring): void {
  const runs = program.command('runs').description('executions of workflows');

  act<ListOptions>(
    runs
      .command('list')
      .description('runs, newest first')
      .option('--live', 'only those that have not ended')
      .addOption(new Option('--state <state>', 'only those in this state').choices(states))
      .option('--workflow <name>', 'only those of this workflow')
      .option('--find <text>', 'only those with this in their id, or in the title of their incident')
      .option('--incident <id>', 'only those on this incident')
      .option('--build <id>', 'only those that workers of this build carry out')
      .option('--limit <n>', 'at most n of them', parseLimit, 50),
    wiring,
    async ({ output, json, options }) => {
      const { live, incident: subject, build, state, workflow, find: q, limit } = options;
      const rows = await withAsk(wiring, (ask) =>
        firstOf(
          (page) => ask('runs.list', { live, subject, build, state, workflow, q, doing: true, ...page }),
          limit,
        ),
      );
      if (json) return output.json(rows);
      if (rows.length === 0) return output.note('No run.');
      for (const row of rows) for (const line of listedLines(row)) output.line(line);
    },
  );

  act(
    runs
      .command('show')
      .description('one run: its state, and its steps')
      .argument('<run>', '<trigger>/<incident>'),
    wiring,
    async ({ output, json }, id = '') => {
      const { run, steps } = await withAsk(wiring, async (ask) => ({
        run: await ask('runs.show', { id }),
        steps: await firstOf((page) => ask('runs.timeline', { id, ...page })),
      })).catch(orNotFound(`There is no run ${id}`, 'baton runs list shows those there are.'));
      if (json) return output.json({ run, steps });
      output.line(printable(`${run.id}  ${run.state}  ${run.workflow} on ${run.target}`));
      for (const line of beginningLines(run)) output.line(line);
      if (run.stuck && !run.stuck.over) output.line(standing(run.stuck));
      for (const parked of run.parked ?? []) printParked(parked, output);
      if (run.outcome) output.line(printable(`outcome: ${run.outcome}`));
      if (run.failure) output.line(printable(`failure: ${run.failure.class}: ${run.failure.message}`));
      const teller = tellerOf();
      const print = storyPrinter(output);
      for (const step of withoutRepeats(steps.flatMap((row) => teller.tell(row)))) print(step);
    },
  );

  act<{ reason: string }>(
    runs
      .command('start')
      .description('start a workflow by hand')
      .argument('<workflow>', 'its name; baton workflows list shows them with what they take')
      .argument('[input...]', 'what it takes, as name=value; a value in JSON is taken as such')
      .requiredOption('--reason <words>', 'why, for those who read the record'),
    wiring,
    async ({ output, json, options }, workflow = '', ...given) => {
      const input = Object.fromEntries(given.flat().map(fieldOf));
      const { reason } = options;
      const { run } = await withAsk(wiring, (ask) => ask('runs.start', { workflow, input, reason }));
      if (json) return output.json(run);
      output.line(printable(`${run.id}  ${run.state}  ${run.workflow} on ${run.target}`));
      output.note(`What it does: baton runs show ${run.id}`);
    },
  );

  act<{ reason: string }>(
    runs
      .command('stop')
      .description('stop a run; what has begun at a provider is made to its end')
      .argument('<run>', '<trigger>/<incident>')
      .requiredOption('--reason <words>', 'why, for those who read the record'),
    wiring,
    async ({ output, json, options }, id = '') => {
      const stopped = await withAsk(wiring, (ask) => ask('runs.stop', { id, reason: options.reason })).catch(
        orNotFound(`There is no run ${id}`, 'baton runs list --live shows those that can be stopped.'),
      );
      if (json) return output.json(stopped);
      output.line(printable(`${id} is told to stop.`));
    },
  );

  act<UnparkOptions>(
    runs
      .command('unpark')
      .description('decide how a parked run goes on; without a decision, show what waits')
      .argument('<run>', '<trigger>/<incident>')
      .addArgument(
        new Argument('[decision]', 'what becomes of the step that has failed').choices(parkDecisions),
      )
      .option(
        '--input <name=value>',
        'what takes the place of the input of the step; null takes a field away; may be given more than once',
        (text, given: string[] = []) => [...given, text],
      )
      .option('--reason <words>', 'why, for those who read the record; needed to skip and to abort')
      .option('--question <id>', 'which step, where the run is parked at several at once'),
    wiring,
    async ({ output, json, options }, id = '', decision = '') => {
      const noSuch = orNotFound(`There is no run ${id}`, 'baton runs list --live shows those that live.');
      if (decision === '') {
        const { parked = [] } = await withAsk(wiring, (ask) => ask('runs.show', { id })).catch(noSuch);
        if (json) return output.json(parked);
        if (parked.length === 0) return output.note(`The run ${id} is not parked.`);
        for (const each of parked) printParked(each, output);
        return output.note(
          `baton runs unpark ${id} retry [--input name=value …] | skip --reason … | abort --reason …`,
        );
      }
      const { input, reason, question } = options;
      const decided = await withAsk(wiring, (ask) =>
        ask('runs.unpark', {
          id,
          decision: decision as ParkDecision,
          ...(input ? { input: Object.fromEntries(input.map(fieldOf)) } : {}),
          reason,
          question,
        }),
      ).catch(noSuch);
      if (json) return output.json(decided);
      output.line(printable(`${decided.step} of ${id}: ${decided.said}`));
    },
  );
}

/** A run with where it stands. What stands still, or is parked, says so in the place of its state. */
function listedLines(run: ShownRun): string[] {
  const { id, workflow, createdAt, parked } = run;
  const state = parked ? `parked (${parked.map(({ step }) => step).join(', ')})` : runState(run);
  return [
    ...hung('', printable(`${id}  ${state}`), '  '),
    ...hung('    ', printable(`${workflow}, since ${dated(createdAt)}`)),
  ];
}
