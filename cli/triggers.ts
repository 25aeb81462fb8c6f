import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import type { Event } from '../domain/event.ts';
import { CliFailure, exits } from '../processes/failure.ts';
import type { Wiring } from '../processes/wiring.ts';
import type { Trigger } from '../triggers/trigger.ts';
import { act, askStore } from './command.ts';
import { printable, table } from './output.ts';

/** `baton triggers …`: the rules, and what they say to an event. */
export function addTriggerCommands(program: Command, wiring: Wiring): void {
  const triggers = program.command('triggers').description('the rules that start workflows');

  act(
    triggers.command('list').description('every trigger, what it answers and what it runs'),
    wiring,
    async ({ output, json }) => {
      const list = (await wiring.loadTriggers()).map(
        ({ name, on, workflow, each, whenResolved, schedule }) => ({
          name,
          on,
          workflow,
          each,
          whenResolved,
          ...(schedule ? { schedule } : {}),
        }),
      );
      if (json) return output.json(list);
      const rows = list.map(({ name, on, workflow }) => [name, workflow, on.join(', ')]);
      for (const line of table([['TRIGGER', 'WORKFLOW', 'ON'], ...rows])) output.line(line);
    },
  );

  act<{ event: string }>(
    triggers
      .command('test')
      .description('what a trigger says to an event; starts nothing')
      .argument('<trigger>', 'its name')
      .requiredOption('--event <event>', 'a file, the number or id of a stored event, or - for stdin'),
    wiring,
    async ({ output, json, options }, name) => {
      const trigger = find(await wiring.loadTriggers(), name);
      const event = await readEvent(wiring, options.event);
      const answer = trigger.respond(event);
      if (json) return output.json({ trigger: name, event: event.id, ...answer });
      if ('no' in answer) return output.line(printable(`no: "${answer.no}" does not hold`));
      output.line(printable(`yes: starts ${answer.id}, workflow ${answer.start}, with`));
      output.json(answer.input);
    },
  );
}

function find(triggers: readonly Trigger[], name: string): Trigger {
  const trigger = triggers.find((each) => each.name === name);
  if (trigger) return trigger;
  const names = triggers.map((each) => each.name).join(', ');
  throw new CliFailure(`There is no trigger ${name}`, { next: `There are: ${names}.`, exit: exits.notFound });
}

async function readEvent(wiring: Wiring, from: string): Promise<Event> {
  if (from !== '-' && !from.includes('.') && !from.includes('/')) {
    const row = await askStore(wiring, (store) => store.findEvent(from));
    if (row?.event !== undefined) return asEvent(row.event);
    throw new CliFailure(
      row ? `Event ${from} could not be read: ${row.reason}` : `There is no event ${from}`,
      {
        next: 'Give a file (./event.json), a number from baton events list, or - for stdin.',
        exit: exits.notFound,
      },
    );
  }
  const content =
    from === '-' ? await text(process.stdin) : await readFile(from, 'utf8').catch(throwUnreadable);
  return asEvent(parse(content));
}

function throwUnreadable(error: Error): never {
  throw new CliFailure('The event cannot be read', { why: error.message, exit: exits.notFound });
}

function parse(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    throw new CliFailure('The event is not JSON', { why: (error as Error).message, exit: exits.usage });
  }
}

/** The envelope as it is stored, or a webhook of PagerDuty as it came. */
async function asEvent(json: unknown): Promise<Event> {
  const { z } = await import('zod');
  const envelope = z.object({
    id: z.string(),
    source: z.string(),
    type: z.string(),
    subject: z.string().optional(),
    time: z.string(),
    data: z.unknown(),
  });
  const stored = envelope.safeParse(json);
  // The types of `data` were checked when it was stored; a file of somebody's own is as good as it is.
  if (stored.success) return json as Event;
  const { readPagerDutyEvent } = await import('../server/pagerduty/event.ts');
  const read = readPagerDutyEvent(json, 'default', new Date().toISOString());
  if ('event' in read) return read.event;
  throw new CliFailure('The event cannot be understood', {
    why: read.unreadable,
    next: 'baton events example prints one that can.',
    exit: exits.usage,
  });
}
