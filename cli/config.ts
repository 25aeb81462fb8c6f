import type { Command } from 'commander';
import type { Wiring } from '../processes/wiring.ts';
import { act } from './command.ts';
import { table } from './output.ts';

/** `baton config`: what is set, and what follows from it. */
export function addConfigCommand(program: Command, wiring: Wiring): void {
  act(
    program.command('config').description('the settings, with secrets masked'),
    wiring,
    async ({ output, json }) => {
      const { halvesFor, readSettings } = await import('../processes/settings.ts');
      const { masked, shownSettings } = await import('../processes/masking.ts');
      const { addressOf } = await import('../server/address.ts');
      const providers = await wiring.loadProviders();
      const settings = readSettings(wiring.env, providers);
      const { host, port, dataDir, publicUrl, databaseUrl, temporal, simulated } = settings;
      const shown = (name: string, value: string) => masked(name, value, providers);
      const address =
        publicUrl === undefined ? addressOf(host, port ?? 8080) : shown('BATON_PUBLIC_URL', publicUrl);
      const effective = {
        listens: `http://${host}:${port ?? '8080 or the next free one'}`,
        'public address': address,
        'PagerDuty webhook': `${address.replace(/\/+$/, '')}/webhooks/pagerduty`,
        store: databaseUrl === undefined ? `embedded, in ${dataDir}` : shown('DATABASE_URL', databaseUrl),
        temporal:
          temporal === undefined
            ? `embedded, in ${dataDir}`
            : `${shown('TEMPORAL_ADDRESS', temporal.connection.address ?? 'localhost:7233')}, namespace ${temporal.namespace}`,
        simulated: simulated.length === 0 ? 'nothing' : simulated.join(', '),
      };
      const variables = shownSettings(wiring.env, providers);
      const notes = [...settings.misspelt, ...halvesFor(settings)];
      if (json) return output.json({ effective, variables, notes });
      for (const line of table(Object.entries(effective))) output.line(line);
      output.line();
      if (Object.keys(variables).length === 0) output.note('No variable of Baton is set.');
      for (const line of table(Object.entries(variables))) output.line(line);
      for (const note of notes) output.note(note);
    },
  );
}
