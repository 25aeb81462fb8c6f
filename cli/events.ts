import type { Command } from 'commander';
import { Option } from 'commander';
import { type Disposition, dispositions } from '../domain/disposition.ts';
import type { Wiring } from '../processes/wiring.ts';
import type { ListedEvent } from '../store/events/events.ts';
import { act, orNotFound, parseLimit, withAsk } from './command.ts';
import { exampleWebhook } from './example.ts';
import { type Output, printable } from './output.ts';
import { firstOf } from './pages.ts';
import { tellPlan } from './plan.ts';
import { printFacts, printTable } from './table.ts';

interface ListOptions {
  incident?: string;
  disposition?: Disposition | 'pending';
  limit: number;
}

/** `baton events …`: what has come in, and what became of it. */
export function addEventCommands(program: Command, wiring: Wiring): void {
  const events = program.command('events').description('what has come in, and what became of it');

  act<ListOptions>(
    events
      .command('list')
      .description('events, newest first')
      .option('--incident <id>', 'only those about this incident')
      .addOption(
        new Option('--disposition <disposition>', 'only those of which this became').choices([
          'pending',
          ...dispositions,
        ]),
      )
      .option('--limit <n>', 'at most n of them', parseLimit, 50),
    wiring,
    async ({ output, json, options }) => {
      const { incident: subject, disposition, limit } = options;
      const rows = await withAsk(wiring, (ask) =>
        firstOf((page) => ask('events.list', { subject, disposition, ...page }), limit),
      );
      if (json) return output.json(rows);
      if (rows.length === 0) return output.note('No event.');
      const head = ['SEQ', 'RECEIVED', 'TYPE', 'ABOUT', 'DISPOSITION', 'REASON'];
      printTable(head, rows.map(cellsOf), output);
    },
  );

  act(
    events
      .command('show')
      .description('one event, with the bytes as they came')
      .argument('<event>', 'its number or its id'),
    wiring,
    async ({ output, json }, id = '') => {
      const row = await withAsk(wiring, (ask) => ask('events.show', { id })).catch(orNoEvent(id));
      if (json) return output.json(row);
      const { body, encoding, event: _, ...fields } = row;
      printFacts(
        Object.entries(fields).map(([name, value]) => [name, String(value)]),
        output,
      );
      if (body === undefined) return output.note('Its bytes are for whoever may read the record.');
      output.line();
      output.line(printable(Buffer.from(body, encoding).toString('utf8')));
    },
  );

  act<{ plan?: true }>(
    events
      .command('replay')
      .description('send a stored event the same way once more')
      .argument('<event>', 'its number or its id')
      .option('--plan', 'only say what each trigger would have done about it; nothing is sent or changed'),
    wiring,
    async ({ output, json, options: { plan } }, id = '') => {
      if (plan) return planEvent(id, { output, json, wiring });
      const { seq, replayed } = await withAsk(wiring, (ask) => ask('events.replay', { id })).catch(
        orNoEvent(id),
      );
      if (json) return output.json({ seq, replayed });
      output.line(`Event ${seq} is pending again. What a trigger has already started is not started twice.`);
    },
  );

  act<{ webhook?: true }>(
    events
      .command('example')
      .description('an event to try triggers on')
      .argument(
        '[type]',
        'its type, as triggers name it; a wrong one lists them. Left out: the body of a webhook of PagerDuty',
      )
      .option('--webhook', 'as its source sends it: a curl command with a valid signature'),
    wiring,
    async ({ output, json, options: { webhook } }, type) => {
      if (type === undefined && !webhook) return output.json(exampleWebhook(new Date()));
      const { findExample, requestOf, curlOf } = await import('./example-request.ts');
      const { event, raw } = findExample(type ?? 'pagerduty.incident.triggered');
      if (!webhook) return output.json(event);
      const request = await requestOf(event.type, raw, wiring);
      if (json) output.json(request);
      else output.line(curlOf(request));
    },
  );
}

const orNoEvent = (id: string) =>
  orNotFound(`There is no event ${id}`, 'baton events list shows those there are.');

const cellsOf = ({
  seq,
  receivedAt,
  type,
  subject,
  disposition,
  reason,
}: Pick<ListedEvent, 'seq' | 'receivedAt' | 'type'> & {
  subject?: string | undefined;
  disposition?: string | undefined;
  reason?: string | undefined;
}) => [String(seq), receivedAt, type, subject ?? '', disposition ?? 'pending', reason ?? ''];

/** What each trigger that says yes to an event would have done about it. */
async function planEvent(
  event: string,
  { output, json, wiring }: { output: Output; json: boolean; wiring: Wiring },
): Promise<void> {
  await withAsk(wiring, async (ask) => {
    const { answers } = await ask('events.test', { event });
    const matched = answers.filter(({ answer }) => answer === 'yes').map(({ trigger }) => trigger);
    if (matched.length === 0) output.note(`No trigger answers event ${event}.`);
    for (const name of matched) {
      const { run } = await ask('triggers.plan', { name, event });
      if (!run) continue;
      if (!json) output.line(`${name}:`);
      await tellPlan(run.id, ask, { output, json });
    }
  }).catch(orNoEvent(event));
}
