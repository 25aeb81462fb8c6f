import type { Command } from 'commander';
import type { Wiring } from '../processes/wiring.ts';
import { act, parseLimit, withAsk } from './command.ts';
import { firstOf } from './pages.ts';
import { recordLines } from './record-line.ts';

interface SearchOptions {
  incident?: string;
  actor?: string;
  action?: string;
  target?: string;
  from?: string;
  to?: string;
  limit: number;
}

/** `baton record …`: the record, to search in and to take out. */
export function addRecordCommands(program: Command, wiring: Wiring): void {
  const record = program.command('record').description('the record: search it, take it out');

  act<SearchOptions>(
    record
      .command('search')
      .description('lines of the record, newest first')
      .option('--incident <id>', 'only those about this incident')
      .option('--actor <actor>', 'only those of this one: person:ada@example.com, trigger:ec2-unhealthy')
      .option('--action <action>', 'only these: run.started, operation.done')
      .option('--target <target>', 'only those of changes on this')
      .option('--from <time>', 'from this time on (ISO 8601)')
      .option('--to <time>', 'before this time')
      .option('--limit <n>', 'at most n of them', parseLimit, 50),
    wiring,
    async ({ output, json, options }) => {
      const { incident: subject, limit, ...filter } = options;
      const rows = await withAsk(wiring, (ask) =>
        firstOf((page) => ask('record.search', { subject, ...fieldsOf(filter), ...page }), limit),
      );
      if (json) return output.json(rows);
      if (rows.length === 0) return output.note('No line.');
      for (const row of rows) for (const line of recordLines(row)) output.line(line);
    },
  );

  act(
    record.command('export').description('the whole record as lines of JSON, which verify without Baton'),
    wiring,
    async ({ output }) => {
      await withAsk(wiring, async (ask) => {
        for (let cursor: string | undefined; ; ) {
          const page = await ask('record.export', cursor === undefined ? {} : { cursor });
          for (const line of [...page.segments, ...page.items]) output.line(JSON.stringify(line));
          if (page.next === undefined) return;
          cursor = page.next;
        }
      });
    },
  );
}

/** The options that ask for something: `json` and `color` are about the output. */
const fieldsOf = ({ actor, action, target, from, to }: Omit<SearchOptions, 'incident' | 'limit'>) => ({
  actor,
  action,
  target,
  from,
  to,
});
