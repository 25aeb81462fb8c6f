import { type Command, Option } from 'commander';
import { incidentStatuses } from '../domain/incident.ts';
import { sizeInWords, whereKept } from '../domain/kept-text.ts';
import { detailOf, type RecordRow } from '../domain/record.ts';
import { CliFailure, exits } from '../processes/failure.ts';
import type { Wiring } from '../processes/wiring.ts';
import { act, orNotFound, parseLimit, withAsk } from './command.ts';
import { printable, printableText, table } from './output.ts';
import { firstOf } from './pages.ts';
import { parkedLine } from './parked.ts';
import { beginningLine } from './run-lines.ts';
import { standing } from './standing.ts';

interface ListOptions {
  status?: (typeof states)[number];
  service?: string;
  find?: string;
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
      .option('--service <id>', 'only those of this PagerDuty service')
      .option('--find <text>', 'only those with this in their title, or of this id')
      .option('--limit <n>', 'at most so many', parseLimit, 50),
    wiring,
    async ({ output, json, options }) => {
      const { status, service, find: q, limit } = options;
      const rows = await withAsk(wiring, (ask) =>
        firstOf((page) => ask('incidents.list', { status, service, q, ...page }), limit),
      );
      if (json) return output.json(rows);
      if (rows.length === 0) return output.note('No incident.');
      const cells = rows.map(({ id, status: state, seenAt, liveRuns, incident }) => [
        id,
        state,
        seenAt,
        String(liveRuns),
        incident?.service?.name ?? '',
        incident?.title ?? '',
      ]);
      for (const line of table([['INCIDENT', 'STATUS', 'SINCE', 'LIVE RUNS', 'SERVICE', 'TITLE'], ...cells]))
        output.line(line);
    },
  );

  act(
    incidents
      .command('show')
      .description('what ran, who decided, and why nothing else ran')
      .argument('<incident>', 'as incidents list tells it: PagerDuty’s id, or <connection>/<id>'),
    wiring,
    async ({ output, json }, id = '') => {
      const { events, runs, record } = await withAsk(wiring, async (ask) => ({
        events: await firstOf((page) => ask('events.list', { subject: id, ...page })),
        runs: await firstOf((page) => ask('runs.list', { subject: id, ...page })),
        record: await firstOf((page) => ask('incidents.timeline', { id, ...page })),
      }));
      if (events.length === 0 && record.length === 0)
        throw new CliFailure(`Nothing is known of an incident ${id}`, {
          next: 'baton events list shows what has come in.',
          exit: exits.notFound,
        });
      if (json) return output.json({ incident: id, events, runs, record });

      output.line(`Incident ${printable(id)}`);
      output.line();
      output.line(runs.length > 0 ? 'Ran:' : whyNothing(record));
      for (const shown of runs) {
        const { id: run, state, workflow, outcome, failure, stuck, parked = [] } = shown;
        const end = failure ? `${failure.class}: ${failure.message}` : (outcome ?? '');
        output.line(
          printable(`  ${run}  ${state}${end === '' || end === state ? '' : `, ${end}`}  (${workflow})`),
        );
        const began = beginningLine(shown);
        if (began !== '') output.line(`    ${began}`);
        if (stuck && !stuck.over) output.line(`    ${standing(stuck)}`);
        for (const each of parked) output.line(`    ${parkedLine(run, each)}`);
      }
      const held = events.filter(({ disposition }) => disposition === 'parked' || disposition === undefined);
      for (const { seq, type, disposition, reason } of held)
        output.line(printable(`  event ${seq} ${type}: ${disposition ?? 'pending'} ${reason ?? ''}`));
      output.line();
      const { formatLine, storyOf } = await import('./timeline.ts');
      for (const line of storyOf(record)) output.line(formatLine(line, output.color));
    },
  );

  act(
    incidents
      .command('transcript')
      .description('what was said in its rooms, where no issue has the text')
      .argument('<incident>', 'as incidents list tells it: PagerDuty’s id, or <connection>/<id>'),
    wiring,
    async ({ output, json }, id = '') => {
      const { items } = await withAsk(wiring, (ask) =>
        ask('incidents.transcript', { id }).catch(
          orNotFound(`Nothing is known of an incident ${id}`, 'baton incidents list shows those there are.'),
        ),
      );
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
      .argument('<incident>', 'as incidents list tells it: PagerDuty’s id, or <connection>/<id>')
      .option('--limit <n>', 'at most so many', parseLimit, 50),
    wiring,
    async ({ output, json, options }, id = '') => {
      const items = await withAsk(wiring, (ask) =>
        firstOf((page) => ask('incidents.texts', { id, ...page }), options.limit).catch(
          orNotFound(`Nothing is known of an incident ${id}`, 'baton incidents list shows those there are.'),
        ),
      );
      if (json) return output.json(items);
      if (items.length === 0) return output.note('No text of it is kept: none was too long.');
      const rows = items.map(({ digest, keptAt, bytes, title }) => [
        digest,
        keptAt,
        sizeInWords(bytes),
        title,
      ]);
      for (const line of table([['DIGEST', 'KEPT', 'SIZE', 'TITLE'], ...rows])) output.line(line);
      output.note('baton texts show <digest> prints one.');
    },
  );
}

const whyNothing = (record: readonly RecordRow[]) =>
  record.some((row) => detailOf(row, 'event.answered')?.answers?.some(({ answer }) => answer === 'joined'))
    ? 'It has no run of its own. The lines marked ">" below say which run it joined.'
    : 'Nothing ran. The lines marked "-" below say why.';
