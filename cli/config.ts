import type { Command } from 'commander';
import type { Wiring } from '../processes/wiring.ts';
import { act } from './command.ts';
import type { Output } from './output.ts';
import { printFacts } from './table.ts';

/** `baton config`: what is set, and what follows from it. */
export function addConfigCommand(program: Command, wiring: Wiring): void {
  act(
    program
      .command('config')
      .description('the settings of the Baton that runs, else of this environment, with secrets masked'),
    wiring,
    async ({ output, json }) => {
      const { findRunning } = await import('../processes/door.ts');
      const running = await findRunning(wiring);
      const settings = running ? await settingsThere(running) : await settingsHere(wiring);
      if (json) output.json(settings);
      else print(settings, output);
    },
  );
}

interface Shown {
  /** Whose they are. */
  of: string;
  variables: Record<string, string>;
  /** What follows from them. */
  effective?: Record<string, string>;
  notes?: string[];
}

type Running = NonNullable<Awaited<ReturnType<typeof import('../processes/door.ts').findRunning>>>;

async function settingsThere({ where, ask }: Running): Promise<Shown> {
  const { items, effective } = await ask('settings.list', {});
  return {
    of: where,
    variables: Object.fromEntries(items.map(({ name, value }) => [name, value])),
    ...(effective ? { effective } : {}),
  };
}

async function settingsHere(wiring: Wiring): Promise<Shown> {
  const { halvesFor, readSettings } = await import('../processes/settings.ts');
  const { shownSettings } = await import('../processes/masking.ts');
  const { effectiveSettings } = await import('../processes/effective.ts');
  const providers = await wiring.loadProviders();
  const settings = readSettings(wiring.env, providers);
  return {
    of: 'this environment, as no Baton runs here',
    effective: effectiveSettings(settings, providers),
    variables: shownSettings(wiring.env, providers),
    notes: [...settings.misspelt, ...halvesFor(settings)],
  };
}

function print({ of, effective = {}, variables, notes = [] }: Shown, output: Output): void {
  output.note(`The settings of ${of}:`);
  printFacts(Object.entries(effective), output);
  if (Object.keys(effective).length > 0) output.line();
  if (Object.keys(variables).length === 0) output.note('No variable of Baton is set.');
  printFacts(Object.entries(variables), output);
  for (const note of notes) output.note(note);
}
