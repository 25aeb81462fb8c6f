import type { Command } from 'commander';
import type { RunRow } from '../domain/run.ts';
import { CliFailure, exits } from '../processes/failure.ts';
import type { Wiring } from '../processes/wiring.ts';
import { act, askStore, parseLimit } from './command.ts';
import { printable, table } from './output.ts';
import { allLines } from './pages.ts';
import { standing } from './standing.ts';

interface ListOptions {
  live?: boolean;
  incident?: string;
  limit: number;
}

/** `baton runs …`: executions of workflows. */
export function addRunCommands(program: Command, wiring: Wiring): void {
  const runs = program.command('runs').description('executions of workflows');

  act<ListOptions>(
    runs
      .command('list')
      .description('runs, newest first')
      .option('--live', 'only those that have not ended')
      .option('--incident <id>', 'only those on this incident')
      .option('--limit <n>', 'at most so many', parseLimit, 50),
    wiring,
    async ({ output, json, options }) => {
      const { live, incident, limit } = options;
      const rows = await askStore(wiring, (store) =>
        store.listRuns({ ...(live ? { live } : {}), ...(incident ? { subject: incident } : {}), limit }),
      );
      if (json) return output.json(rows);
      if (rows.length === 0) return output.note('No run.');
      for (const line of table([['RUN', 'STATE', 'WORKFLOW', 'SINCE'], ...rows.map(cellsOf)]))
        output.line(line);
    },
  );

  act(
    runs
      .command('show')
      .description('one run: its state, and its steps')
      .argument('<run>', '<trigger>/<incident>'),
    wiring,
    async ({ output, json }, id) => {
      const { run, rows } = await askStore(wiring, async (store) => {
        const found = await store.findRun(id);
        const subject = found?.subject ?? id;
        return { run: found, rows: await allLines(store, subject) };
      });
      if (!run)
        throw new CliFailure(`There is no run ${id}`, {
          next: 'baton runs list shows those there are.',
          exit: exits.notFound,
        });
      const steps = rows.filter(({ detail }) => detail.run === id);
      if (json) return output.json({ run, steps });
      output.line(printable(`${run.id}  ${run.state}  ${run.workflow} on ${run.target}`));
      if (run.stuck && !run.stuck.over) output.line(standing(run.stuck));
      if (run.outcome) output.line(printable(`outcome: ${run.outcome}`));
      if (run.failure) output.line(printable(`failure: ${run.failure.class}: ${run.failure.message}`));
      const { formatLine, storyOf } = await import('./timeline.ts');
      for (const line of storyOf(steps)) output.line(formatLine(line, output.color));
    },
  );
}

/** What stands still says so in the place of its state. */
const cellsOf = ({ id, state, stuck, workflow, createdAt }: RunRow) => [
  id,
  stuck && !stuck.over ? `stands still (${stuck.reason})` : state,
  workflow,
  createdAt,
];
