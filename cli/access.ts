import type { Command } from 'commander';
import { hasRight, type Right, rights, roles } from '../domain/rights.ts';
import { CliFailure, exits } from '../processes/failure.ts';
import type { Wiring } from '../processes/wiring.ts';
import { act } from './command.ts';
import { printTable } from './table.ts';

/** `baton access`: which role has which right, as the code has it. */
export function addAccessCommand(program: Command, wiring: Wiring): void {
  act(program.command('access').description('which role may do what'), wiring, async ({ output, json }) => {
    if (json) return output.json(rights);
    const rows = (Object.keys(rights) as Right[]).map((right) => [
      right,
      ...roles.map((role) => (hasRight(role, right) ? 'yes' : '-')),
    ]);
    printTable(['RIGHT', ...roles.map((role) => role.toUpperCase())], rows, output);
  });
}

/** `baton admin-token`: how a Baton on PostgreSQL gets its first admin. `npm start` makes the token by itself. */
export function addAdminTokenCommand(program: Command, wiring: Wiring): void {
  act(
    program
      .command('admin-token')
      .description('make the token of the first admin in DATABASE_URL, while there is no admin'),
    wiring,
    async ({ output, json }) => {
      const { readSettings } = await import('../processes/settings.ts');
      const { secretsOf } = await import('../processes/masking.ts');
      const { makeFirstToken } = await import('../processes/first-token.ts');
      const { openStore } = await import('../store/open.ts');
      const providers = await wiring.loadProviders();
      const { databaseUrl, migrationDatabaseUrl, dataDir } = readSettings(wiring.env, providers);
      if (databaseUrl === undefined)
        throw new CliFailure('DATABASE_URL is not set', {
          why: `With an embedded store, npm start writes the first admin's token into ${dataDir}/admin.token.`,
          next: 'Start it once, or set DATABASE_URL to the address that servers and workers use.',
          exit: exits.usage,
        });
      const store = await openStore({
        databaseUrl,
        migrationDatabaseUrl,
        dataDir,
        secrets: secretsOf(wiring.env, providers),
      });
      try {
        const token = await makeFirstToken(store, 'cli');
        if (token === undefined)
          throw new CliFailure('There is an admin already', {
            why: 'This command makes the first one only.',
            next: 'An admin makes further tokens and admins.',
            exit: exits.conflict,
          });
        if (json) return output.json({ token });
        output.line(token);
        output.note('It is shown this once, and lasts 90 days. Send it as Authorization: Bearer …');
      } finally {
        await store.close();
      }
    },
  );
}
