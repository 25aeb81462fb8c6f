import type { Command } from 'commander';
import type { Wiring } from '../processes/wiring.ts';
import { act } from './command.ts';
import { type Output, table } from './output.ts';

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
  /** What follows from them. Of another process only the variables are told. */
  effective?: Record<string, string>;
  notes?: string[];
}

type Running = NonNullable<Awaited<ReturnType<typeof import('../processes/door.ts').findRunning>>>;

async function settingsThere({ where, ask }: Running): Promise<Shown> {
  const { items } = await ask('settings.list', {});
  return { of: where, variables: Object.fromEntries(items.map(({ name, value }) => [name, value])) };
}

async function settingsHere(wiring: Wiring): Promise<Shown> {
  const { halvesFor, readSettings } = await import('../processes/settings.ts');
  const { masked, shownSettings } = await import('../processes/masking.ts');
  const { addressOf } = await import('../server/address.ts');
  const providers = await wiring.loadProviders();
  const settings = readSettings(wiring.env, providers);
  const { host, port, dataDir, publicUrl, databaseUrl, temporal, simulated } = settings;
  const shown = (name: string, value: string) => masked(name, value, providers);
  const address =
    publicUrl === undefined ? addressOf(host, port ?? 8080) : shown('BATON_PUBLIC_URL', publicUrl);
  return {
    of: 'this environment',
    effective: {
      listens: `http://${host}:${port ?? '8080 or the next free one'}`,
      'public address': address,
      'PagerDuty webhook': `${address.replace(/\/+$/, '')}/webhooks/pagerduty`,
      store: databaseUrl === undefined ? `embedded, in ${dataDir}` : shown('DATABASE_URL', databaseUrl),
      temporal:
        temporal === undefined
          ? `embedded, in ${dataDir}`
          : `${shown('TEMPORAL_ADDRESS', temporal.connection.address ?? 'localhost:7233')}, namespace ${temporal.namespace}`,
      simulated: simulated.length === 0 ? 'nothing' : simulated.join(', '),
    },
    variables: shownSettings(wiring.env, providers),
    notes: [...settings.misspelt, ...halvesFor(settings)],
  };
}

function print({ of, effective = {}, variables, notes = [] }: Shown, output: Output): void {
  output.note(`The settings of ${of}:`);
  for (const line of table(Object.entries(effective))) output.line(line);
  if (Object.keys(effective).length > 0) output.line();
  if (Object.keys(variables).length === 0) output.note('No variable of Baton is set.');
  for (const line of table(Object.entries(variables))) output.line(line);
  for (const note of notes) output.note(note);
}
