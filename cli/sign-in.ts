import type { Command } from 'commander';
import { CliFailure, exits } from '../processes/failure.ts';
import type { Wiring } from '../processes/wiring.ts';
import { act } from './command.ts';

/** `baton sign-in`: another one-time link into the console of the Baton that runs on the data folder. */
export function addSignInCommand(program: Command, wiring: Wiring): void {
  act(
    program
      .command('sign-in')
      .description('make a link that signs you in to the console, once, within 15 minutes'),
    wiring,
    async ({ output, json }) => {
      const { readSettings } = await import('../processes/settings.ts');
      const { isNobodyThere, request } = await import('../processes/control.ts');
      const { z } = await import('zod');
      const { dataDir } = readSettings(wiring.env, await wiring.loadProviders());
      const made = await request(dataDir, 'signInLink').catch((error: unknown) => {
        if (!isNobodyThere(error)) throw error;
        throw new CliFailure('No Baton runs on this data folder', {
          why: 'A link is made by the Baton that it leads to.',
          next: 'Start it with npm start, then try again from the same folder. With BATON_OIDC_… set, sign in at its own address.',
          exit: exits.conflict,
        });
      });
      const link = z.string().parse(made);
      if (json) return output.json({ link });
      output.line(link);
      output.note('It signs in once, within 15 minutes. Whoever has it is you.');
    },
  );
}
