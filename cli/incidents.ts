import { type Command, Option } from 'commander';
import type { z } from 'zod';
import { incidentStatuses } from '../domain/incident.ts';
import { sizeInWords, whereKept } from '../domain/kept-text.ts';
import { dated } from '../domain/story/step.ts';
import type { Wiring } from '../processes/wiring.ts';
import type { OperationNamed } from '../server/operations/index.ts';
import { act, parseLimit, withAsk } from './command.ts';
import { incidentArgument, namedIncident, orNoIncident } from './named-incident.ts';
import { workflowCells, workflowHead } from './numbers.ts';
import { printable, printableText } from './output.ts';
import { comparisonOf, packOf } from './pack.ts';
import { firstOf } from './pages.ts';
import { parkedLine } from './parked.ts';
import { runState } from './run-lines.ts';
import { standing } from './standing.ts';
import { hung, storyPrinter } from './story.ts';
import { printTable, printText } from './table.ts';

interface ListOptions {
  status?: (typeof states)[number];
  service?: string;
  find?: string;
  mine?: boolean;
  order?: 'newest' | 'oldest' | 'state';
  limit: number;
}

const states = ['open', ...incidentStatuses] as const;

/** `baton incidents …`: what Baton did about an incident, and why it did nothing else. */
export function addIncidentCommands(program: Command, wiring: Wiring): void {
  const incidents = program.command('incidents').description('what was done about an incident, and why');

  act<ListOptions>(
    incidents
      .command('list')
      .description('incidents, newest first')
      .addOption(new Option('--status <status>', 'only those in this state').choices(states))
      .option('--service <id>', 'only of this PagerDuty service, by its id')
      .option('--find <text>', 'only those with this in the title, or with this number (#1234) or id')
      .option('--mine', 'only those that are assigned to you, or wait for you')
      .addOption(
        new Option('--order <order>', 'by age, or by state: triggered, acknowledged, resolved')
          .choices(['newest', 'oldest', 'state'])
          .default('newest'),
      )
      .option('--limit <n>', 'at most n of them', parseLimit, 50),
    wiring,
    async ({ output, json, options }) => {
      const { status, service, find: q, mine, order, limit } = options;
      const rows = await withAsk(wiring, (ask) =>
        firstOf(
          (page) => ask('incidents.list', { status, service, q, mine, order, doing: true, ...page }),
          limit,
        ),
      );
      if (json) return output.json(rows);
      if (rows.length === 0) return output.note('No incident.');
      for (const row of rows) for (const line of listedLines(row)) output.line(line);
    },
  );

  act(
    incidents
      .command('show')
      .description('all about one incident: what ran, who decided, and why nothing else ran')
      .argument('<incident>', incidentArgument),
    wiring,
    async ({ output, json }, named = '') => {
      const { pack, why } = await withAsk(wiring, async (ask) => {
        const id = await namedIncident(named, ask);
        const [found, told] = await Promise.all([packOf(id, ask), ask('incidents.why', { id })]);
        return { pack: found, why: told };
      }).catch(orNoIncident(named));
      if (json) return output.json({ ...pack, why });
      for (const line of pack.head) for (const each of hung('', printable(line), '  ')) output.line(each);
      for (const run of pack.runs) {
        if (run.stuck && !run.stuck.over)
          for (const line of hung('    ', standing(run.stuck))) output.line(line);
        for (const each of run.parked ?? [])
          for (const line of hung('    ', parkedLine(run.id, each))) output.line(line);
      }
      output.line();
      for (const line of hung('', printable(`Why: ${why.summary}`))) output.line(line);
      for (const { seq, type, disposition, reason } of why.events)
        if (disposition === 'parked' || disposition === 'pending')
          for (const line of hung(`  event ${seq} `, printable(`${type}: ${disposition}. ${reason}`)))
            output.line(line);
      output.line();
      const print = storyPrinter(output);
      for (const entry of pack.entries) print(entry);
      for (const warning of pack.warnings) output.note(printable(warning));
    },
  );

  act<{ service?: string; days: number }>(
    incidents
      .command('numbers')
      .description(
        'how long incidents waited, with and without Baton, and what became of the runs of each workflow',
      )
      .option('--service <id>', 'only of this PagerDuty service, by its id')
      .option('--days <n>', 'only those of the last n days', parseLimit, 90),
    wiring,
    async ({ output, json, options: { service, days } }) => {
      const numbers = await withAsk(wiring, (ask) => ask('incidents.numbers', { service, days }));
      if (json) return output.json(numbers);
      for (const line of comparisonOf(numbers).slice(1)) printText(line, output);
      if (numbers.workflows.length === 0) return;
      output.line();
      printTable(workflowHead, numbers.workflows.map(workflowCells), output);
      output.note(
        'False positives: runs that were stopped, refused, or not needed any more. Times are medians.',
      );
    },
  );

  act(
    incidents
      .command('acknowledge')
      .description('acknowledge an incident in PagerDuty, in your name')
      .argument('<incident>', incidentArgument),
    wiring,
    async ({ output, json }, named = '') => {
      const done = await withAsk(wiring, async (ask) =>
        ask('incidents.acknowledge', { id: await namedIncident(named, ask) }),
      ).catch(orNoIncident(named));
      if (json) output.json(done);
      else output.line(`${done.id} ${done.changed ? 'is acknowledged' : 'was acknowledged before'}.`);
    },
  );

  act<{ reason?: string }>(
    incidents
      .command('resolve')
      .description('resolve an incident in PagerDuty, in your name')
      .argument('<incident>', incidentArgument)
      .option('--reason <words>', 'why: it stands in the incident as a note'),
    wiring,
    async ({ output, json, options: { reason } }, named = '') => {
      const done = await withAsk(wiring, async (ask) =>
        ask('incidents.resolve', { id: await namedIncident(named, ask), reason }),
      ).catch(orNoIncident(named));
      if (json) output.json(done);
      else output.line(`${done.id} ${done.changed ? 'is resolved' : 'was resolved before'}.`);
    },
  );

  act(
    incidents
      .command('note')
      .description('add a note to an incident in PagerDuty, in your name')
      .argument('<incident>', incidentArgument)
      .argument('<text>', 'the note'),
    wiring,
    async ({ output, json }, named = '', text = '') => {
      const done = await withAsk(wiring, async (ask) =>
        ask('incidents.note', { id: await namedIncident(named, ask), text }),
      ).catch(orNoIncident(named));
      if (json) output.json(done);
      else output.line(`The note is added to ${done.id}.`);
    },
  );

  act(
    incidents
      .command('transcript')
      .description('what was said in its rooms, where no issue has the text')
      .argument('<incident>', incidentArgument),
    wiring,
    async ({ output, json }, named = '') => {
      const { id, items } = await withAsk(wiring, async (ask) => {
        const found = await namedIncident(named, ask);
        return ask('incidents.transcript', { id: found }).then(({ items: kept }) => ({
          id: found,
          items: kept,
        }));
      }).catch(orNoIncident(named));
      if (json) return output.json({ incident: id, items });
      if (items.length === 0)
        return output.note(
          'No transcript is kept: the room is not over, was private, or its text is on the issue. baton incidents show tells which.',
        );
      for (const each of items.toReversed()) {
        const { room, keptAt, digest, messages, people, markdown, truncated, kept } = each;
        output.line(printable(`Room ${room}, kept ${keptAt}: ${messages} messages by ${people} people`));
        output.line(printable(`SHA-256 of all that was said: ${digest}`));
        output.line(printableText(markdown));
        if (truncated) output.note('This is the beginning: the room has all of it.');
        if (kept) output.note(`What was read of it is kept: ${whereKept(kept)}`);
        output.line();
      }
    },
  );

  act<{ limit: number }>(
    incidents
      .command('texts')
      .description('what is too long for its runs: logs, transcripts, results')
      .argument('<incident>', incidentArgument)
      .option('--limit <n>', 'at most n of them', parseLimit, 50),
    wiring,
    async ({ output, json, options }, named = '') => {
      const items = await withAsk(wiring, async (ask) => {
        const id = await namedIncident(named, ask);
        return firstOf((page) => ask('incidents.texts', { id, ...page }), options.limit);
      }).catch(orNoIncident(named));
      if (json) return output.json(items);
      if (items.length === 0) return output.note('No text of it is kept: none was too long.');
      const rows = items.map(({ digest, keptAt, bytes, title }) => [
        digest,
        keptAt,
        sizeInWords(bytes),
        title,
      ]);
      printTable(['DIGEST', 'KEPT', 'SIZE', 'TITLE'], rows, output);
      output.note('baton texts show <digest> prints one.');
    },
  );
}

type Listed = z.output<OperationNamed<'incidents.list'>['output']>['items'][number];

/** `#4211 resolved  EC2 …`, and below it whose it is, since when, and what runs. */
function listedLines({ id, status, seenAt, runs, needsMe, incident }: Listed): string[] {
  const { number, title = 'no event has told its title', service, assignees = [] } = incident ?? {};
  const live = runs.map((run) => `${run.id} ${runState(run)}`);
  const below = [
    [id, service?.name, ...assignees.map(({ name }) => name), `${status} since ${dated(seenAt)}`],
    ...(live.length > 0 ? [[`runs: ${live.join('; ')}`]] : []),
    ...needsMe.map(({ summary, until }) => [`waits for you until ${dated(until)}: ${summary}`]),
  ];
  return [
    ...hung('', printable(`${number === undefined ? '' : `#${number}  `}${status}  ${title}`), '  '),
    ...below.flatMap((parts) =>
      hung('    ', printable(parts.filter((part) => part !== undefined).join(', '))),
    ),
  ];
}
