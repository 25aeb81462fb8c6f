import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { Option } from 'commander';
import type { Disposition } from '../domain/disposition.ts';
import { CliFailure, exits } from '../processes/failure.ts';
import type { Wiring } from '../processes/wiring.ts';
import type { ListedEvent } from '../store/events.ts';
import { act, askStore, parseLimit } from './command.ts';
import { exampleWebhook } from './example.ts';
import { printable, table } from './output.ts';

interface ListOptions {
  incident?: string;
  disposition?: Disposition;
  limit: number;
}

const dispositions = ['dispatched', 'duplicate', 'ignored', 'stale', 'parked'];

/** `baton events …`: what has come in, and what became of it. */
export function addEventCommands(program: Command, wiring: Wiring): void {
  const events = program.command('events').description('what has come in, and what became of it');

  act<ListOptions>(
    events
      .command('list')
      .description('events, newest first')
      .option('--incident <id>', 'only those about this incident')
      .addOption(
        new Option('--disposition <disposition>', 'only those of which this became').choices(dispositions),
      )
      .option('--limit <n>', 'at most so many', parseLimit, 50),
    wiring,
    async ({ output, json, options }) => {
      const { incident, disposition, limit } = options;
      const rows = await askStore(wiring, (store) =>
        store.listEvents({
          ...(incident ? { subject: incident } : {}),
          ...(disposition ? { disposition } : {}),
          limit,
        }),
      );
      if (json) return output.json(rows);
      if (rows.length === 0) return output.note('No event.');
      const head = ['SEQ', 'RECEIVED', 'TYPE', 'ABOUT', 'DISPOSITION', 'REASON'];
      for (const line of table([head, ...rows.map(cellsOf)])) output.line(line);
    },
  );

  act(
    events
      .command('show')
      .description('one event, with the bytes as they came')
      .argument('<event>', 'its number or its id'),
    wiring,
    async ({ output, json }, id) => {
      const row = await askStore(wiring, (store) => store.findEvent(id));
      if (!row) throw notFound(id);
      if (json) return output.json(row);
      const { body, event: _, ...fields } = row;
      for (const line of table(Object.entries(fields).map(([name, value]) => [name, String(value)])))
        output.line(line);
      output.line();
      output.line(printable(Buffer.from(body).toString('utf8')));
    },
  );

  act(
    events
      .command('replay')
      .description('send a stored event the same way once more')
      .argument('<event>', 'its number or its id'),
    wiring,
    async ({ output, json }, id) => {
      const seq = await askStore(wiring, async (store) => {
        const row = await store.findEvent(id);
        if (!row) throw notFound(id);
        if (row.pruned)
          throw new CliFailure(`Event ${row.seq} is older than BATON_RETENTION_DAYS`, {
            why: 'Its bytes were pruned, so there is nothing to send the same way once more.',
            exit: exits.conflict,
          });
        if (row.disposition && row.event === undefined)
          throw new CliFailure(`Event ${row.seq} could not be read`, {
            why: row.reason ?? '',
            next: 'Its bytes would be unreadable again. Have the sender send a corrected one.',
            exit: exits.conflict,
          });
        if (!(await store.replay(row.seq, `person:${userInfo().username}`, 'cli')))
          throw new CliFailure(`Event ${row.seq} is pending already`, { exit: exits.conflict });
        return row.seq;
      });
      if (json) return output.json({ seq, replayed: true });
      output.line(`Event ${seq} is pending again. What a trigger has already started is not started twice.`);
    },
  );

  act(
    events.command('example').description('the body of a webhook of PagerDuty, to try triggers on'),
    wiring,
    async ({ output }) => output.json(exampleWebhook(new Date())),
  );
}

const notFound = (id: string) =>
  new CliFailure(`There is no event ${id}`, {
    next: 'baton events list shows those there are.',
    exit: exits.notFound,
  });

const cellsOf = ({ seq, receivedAt, type, subject, disposition, reason }: ListedEvent) => [
  String(seq),
  receivedAt,
  type,
  subject ?? '',
  disposition ?? 'pending',
  reason ?? '',
];
