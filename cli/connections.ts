import type { Command } from 'commander';
import { CliFailure } from '../processes/failure.ts';
import type { Wiring } from '../processes/wiring.ts';
import { printAnswer } from './answer.ts';
import { act, withAsk } from './command.ts';

/** `baton connections test`, which ends with 1 for all that is not confirmed. The other verbs come from their operations. */
export function addConnectionCommands(program: Command, wiring: Wiring): void {
  const connections = program.command('connections').description('the named connections to providers');

  act<{ provider?: string }>(
    connections
      .command('test')
      .description('raise a marked alert and read it back, or ask what the connection may do')
      .argument('<connection>', 'its name; default for that of the environment’s variables')
      .option('--provider <name>', 'where several have the name, as each provider has a default'),
    wiring,
    async ({ output, json, options }, connection = '') => {
      const { provider } = options;
      const tested = await withAsk(wiring, (ask) => ask('connections.test', { connection, provider }));
      printAnswer(tested, { output, json });
      if (tested.outcome !== 'confirmed')
        throw new CliFailure(`The connection ${connection} is not confirmed`);
    },
  );
}
