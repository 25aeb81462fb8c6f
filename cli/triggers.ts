import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { type Command, InvalidArgumentError } from 'commander';
import { CliFailure, exits } from '../processes/failure.ts';
import type { Wiring } from '../processes/wiring.ts';
import { agreementInFile, printAgreements } from './agreement.ts';
import { act, parseLimit, withAsk } from './command.ts';
import { printable } from './output.ts';
import { tellPlan } from './plan.ts';
import { printTable } from './table.ts';
import { answersTo, answersToLast, printAnswers, printOne, type TestOptions } from './trigger-answers.ts';

/** Each is looked up and asked about by itself. */
const mostLast = 200;

/** `baton triggers …`: the rules, and what they say to an event. */
export function addTriggerCommands(program: Command, wiring: Wiring): void {
  const triggers = program.command('triggers').description('the rules that start workflows');

  act(
    triggers
      .command('list')
      .description('every trigger: its mode, the events that it answers, and the workflow that it starts'),
    wiring,
    async ({ output, json }) => {
      const { items: list } = await withAsk(wiring, (ask) => ask('triggers.list', {}));
      if (json) return output.json(list);
      const rows = list.map(({ name, on, workflow, standing, lowered }) => [
        name,
        lowered ? `${standing} (lowered)` : standing,
        workflow,
        on.join(', '),
      ]);
      printTable(['TRIGGER', 'MODE', 'WORKFLOW', 'ON'], rows, output);
    },
  );

  act<{ since: string; from?: string }>(
    triggers
      .command('agreement')
      .description('how often people did what triggers would have done, with the incidents')
      .argument('[trigger]', 'its name; left out: all')
      .option('--since <days>', 'how many days back', '90d')
      .option('--from <file>', 'an export of the record (baton record export), in place of the store'),
    wiring,
    async ({ output, json, options: { since, from } }, trigger) => {
      const asked = { since, ...(trigger === undefined ? {} : { trigger }) };
      const items =
        from === undefined
          ? (await withAsk(wiring, (ask) => ask('triggers.agreement', asked))).items
          : await agreementInFile(from, asked);
      if (json) output.json(items);
      else printAgreements(items, output);
    },
  );

  act<{ incident?: string; event?: string }>(
    triggers
      .command('plan')
      .description('what a trigger would have done about an incident, to the letter; nothing is changed')
      .argument('<trigger>', 'its name')
      .option(
        '--incident <id>',
        'its newest event that the trigger answers is taken, also of one that only PagerDuty knows',
      )
      .option('--event <event>', 'the number or id of a stored event'),
    wiring,
    async ({ output, json, options: { incident, event } }, name = '') => {
      await withAsk(wiring, async (ask) => {
        const { no, run } = await ask('triggers.plan', { name, incident, event });
        if (run) return tellPlan(run.id, ask, { output, json });
        if (json) return output.json({ no, planned: [] });
        output.line(printable(`${name} says no: ${no}. It would do nothing.`));
      });
    },
  );

  act<TestOptions>(
    triggers
      .command('test')
      .description('what triggers say to an event; starts nothing')
      .argument('[trigger]', 'its name; left out: all')
      .option('--event <event>', 'a file, the number or id of a stored event, or - for stdin')
      .option('--last <n>', `the newest n stored events, ${mostLast} at most`, parseLast),
    wiring,
    async ({ output, json, options: { event, last } }, trigger) => {
      if ((event === undefined) === (last === undefined))
        throw new CliFailure('Say which event: --event <event>, or --last <n>', { exit: exits.usage });
      const asked = event === undefined ? undefined : await readEvent(event);
      const answers = await withAsk(wiring, (ask) =>
        asked ? answersTo(asked, trigger, ask) : answersToLast(last ?? 0, trigger, ask),
      );
      const [only] = answers.answers;
      if (asked && trigger !== undefined && only) printOne(only, { output, json });
      else printAnswers(answers, { output, json });
    },
  );
}

function parseLast(given: string): number {
  const last = parseLimit(given);
  if (last > mostLast) throw new InvalidArgumentError(`It is ${mostLast} at most.`);
  return last;
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
