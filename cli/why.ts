import type { Command } from 'commander';
import type { z } from 'zod';
import { dated } from '../domain/story/step.ts';
import type { Ask } from '../processes/door.ts';
import { CliFailure, exits } from '../processes/failure.ts';
import type { Wiring } from '../processes/wiring.ts';
import type { OperationNamed } from '../server/operations/index.ts';
import { act, withAsk } from './command.ts';
import { namedIncident, noIncident } from './named-incident.ts';
import { type Output, paint, printable } from './output.ts';
import { hung } from './story.ts';

type Why = z.output<OperationNamed<'events.why'>['output']>;

/** `baton why`: why what runs about an incident runs, and why nothing else does. */
export function addWhyCommand(program: Command, wiring: Wiring): void {
  act(
    program
      .command('why')
      .description('why something runs, and why nothing else does')
      .argument('<incident|event>', 'an incident by its id or #number; an event by its number or id'),
    wiring,
    async ({ output, json }, about = '') => {
      const why = await withAsk(wiring, (ask) => whyAbout(about, ask));
      if (json) output.json(why);
      else tell(why, output);
    },
  );
}

/** An incident first; a bare number is that of an event, and `#4211` that of an incident. */
async function whyAbout(about: string, ask: Ask): Promise<Why> {
  const orNone = (error: unknown) => {
    if (error instanceof CliFailure && error.exit === exits.notFound) return undefined;
    throw error;
  };
  const asEvent = () => ask('events.why', { id: about }).catch(orNone);
  const asIncident = async () => {
    const id = await namedIncident(about, ask).catch(orNone);
    return id === undefined ? undefined : ask('incidents.why', { id }).catch(orNone);
  };
  const [first, second] = /^\d+$/.test(about) ? [asEvent, asIncident] : [asIncident, asEvent];
  const found = (await first()) ?? (await second());
  if (!found) throw noIncident(about);
  return found;
}

/** The summary, and what it is made of. */
function tell({ summary, events, held, switches, lowered, parked }: Why, output: Output): void {
  const say = (before: string, text: string) => {
    for (const line of hung(before, printable(text))) output.line(line);
  };
  const head = (text: string) => {
    output.line();
    output.line(paint(text, 'bold', output.color));
  };
  say('', summary);
  if (switches.length > 0) head('Held by a switch');
  for (const { kind, reason, by } of switches) say('  ', `${kind}, by ${by}: ${reason}`);
  if (held.length > 0) head('Held by a guard');
  for (const { activity, target, guard, reason, retryAt } of held)
    say(
      '  ',
      `${activity} ${target}: ${guard}: ${reason}${retryAt ? ` (again after ${dated(retryAt)})` : ''}`,
    );
  if (parked.length > 0) head('Waits for somebody');
  for (const { summary: what, until } of parked)
    say('  ', `${what}${until ? `, until ${dated(until)}` : ''}`);
  if (lowered.length > 0) head('Triggers that may do less than their files say');
  for (const { trigger, standing, by, reason } of lowered)
    say('  ', `${trigger}: ${standing}, by ${by}: ${reason}`);
  if (events.length > 0) head('Events');
  for (const { seq, type, at, disposition, reason, answers } of events) {
    say('  ', `${seq}  ${dated(at)}  ${type}: ${disposition}`);
    say('      ', reason);
    const untold = answers.filter(
      ({ forType, trigger }) => forType && !reason.startsWith(`${trigger} says no: `),
    );
    for (const { trigger, answer, run, mode, reason: said } of untold)
      say(
        '      ',
        `${trigger}: ${answer}${run ? `, ${run}` : ''}${mode ? `, in the mode ${mode}` : ''}${said && answer !== 'yes' ? `, ${said}` : ''}`,
      );
  }
}
