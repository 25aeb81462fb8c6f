import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { CliFailure, exits } from '../processes/failure.ts';
import type { Wiring } from '../processes/wiring.ts';
import { act, withAsk } from './command.ts';
import { printable, table } from './output.ts';

/** `baton triggers …`: the rules, and what they say to an event. */
export function addTriggerCommands(program: Command, wiring: Wiring): void {
  const triggers = program.command('triggers').description('the rules that start workflows');

  act(
    triggers.command('list').description('every trigger, what it answers and what it runs'),
    wiring,
    async ({ output, json }) => {
      const { items: list } = await withAsk(wiring, (ask) => ask('triggers.list', {}));
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
    async ({ output, json, options }, name = '') => {
      const asked = await readEvent(options.event);
      const { event, answers } = await withAsk(wiring, (ask) =>
        ask('triggers.test', { trigger: name, ...asked }),
      );
      const [found] = answers;
      if (!found || found.answer === 'failed')
        throw new CliFailure(`The trigger ${name} failed: ${found?.reason}`, { exit: exits.failed });
      const { answer, reason, start, id, input } = found;
      if (json)
        return output.json({
          trigger: name,
          event,
          ...(answer === 'no' ? { no: reason } : { start, id, input }),
        });
      if (answer === 'no') return output.line(printable(`no: "${reason}" does not hold`));
      output.line(printable(`yes: starts ${id}, workflow ${start}, with`));
      output.json(input);
    },
  );
}

/** The number or id of a stored event, or the event itself out of a file or stdin. */
async function readEvent(from: string): Promise<{ event: string } | { given: unknown }> {
  if (from !== '-' && !from.includes('.') && !from.includes('/')) return { event: from };
  const content =
    from === '-' ? await text(process.stdin) : await readFile(from, 'utf8').catch(throwUnreadable);
  return { given: parse(content) };
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
