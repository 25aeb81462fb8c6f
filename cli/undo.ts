import type { Command } from 'commander';
import type { Wiring } from '../processes/wiring.ts';
import { act, withAsk } from './command.ts';
import { printable } from './output.ts';

/** `baton undo <effect>`: starts the run that takes a change back, once somebody has approved that. */
export function addUndoCommand(program: Command, wiring: Wiring): void {
  act<{ reason: string }>(
    program
      .command('undo')
      .description('take back a change that Baton has made, once somebody has approved that')
      .argument('<effect>', 'its key, as baton incidents show --json tells it')
      .requiredOption('--reason <words>', 'why, for those who read the record'),
    wiring,
    async ({ output, json, options: { reason } }, effect = '') => {
      const asked = { workflow: 'undoEffect', input: { effect }, reason };
      const { run } = await withAsk(wiring, (ask) => ask('runs.start', asked));
      if (json) return output.json(run);
      output.line(printable(`${run.id}  ${run.state}  undoes ${effect}`));
      output.note(
        `Where it can be taken back, somebody has to approve that: baton approvals list --run ${run.id}`,
      );
    },
  );
}
