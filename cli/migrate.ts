import type { Command } from 'commander';
import { CliFailure, exits } from '../processes/failure.ts';
import type { Wiring } from '../processes/wiring.ts';
import { act } from './command.ts';

/** `baton migrate`: the tables, by their owner, who is nobody that serves. */
export function addMigrateCommand(program: Command, wiring: Wiring): void {
  act(
    program
      .command('migrate')
      .description(
        'bring the tables of DATABASE_URL up to date, as the owner in BATON_MIGRATION_DATABASE_URL',
      ),
    wiring,
    async ({ output, json }) => {
      const { readSettings } = await import('../processes/settings.ts');
      const { migrateAsOwner } = await import('../store/owner.ts');
      const { storeError } = await import('../store/errors.ts');
      const { databaseUrl, migrationDatabaseUrl } = readSettings(wiring.env, await wiring.loadProviders());
      if (databaseUrl === undefined)
        throw new CliFailure('DATABASE_URL is not set', {
          why: 'An embedded store is brought up to date when it is opened.',
          next: 'Set it to the address that servers and workers use.',
          exit: exits.usage,
        });
      const role = await migrateAsOwner(migrationDatabaseUrl ?? databaseUrl, databaseUrl).catch(
        (error: unknown) => {
          throw storeError(error);
        },
      );
      if (json) return output.json({ upToDate: true, role: role ?? null });
      output.line('The tables are up to date.');
      if (role !== undefined)
        output.line(`${role} may add to the record, and neither alter nor remove a line of it.`);
      else
        output.note(
          'The role of DATABASE_URL owns the tables, so it can switch off what guards the record. docs/operating.md tells how to part the two.',
        );
    },
  );
}
