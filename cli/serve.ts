import type { Command } from 'commander';
import type { Wiring } from '../processes/wiring.ts';
import { act } from './command.ts';

/** The commands that stay: `start`, and its two halves for many machines. */
export function addProcessCommands(program: Command, wiring: Wiring): void {
  act(
    program.command('start').description('run everything in one process, with what is missing embedded'),
    wiring,
    async ({ output }) => {
      const { start } = await import('../processes/start.ts');
      const { showSimulation } = await import('./showcase.ts');
      await start(wiring, output, showSimulation);
    },
  );
  act(
    program
      .command('server')
      .description('take events in and start runs (needs DATABASE_URL and TEMPORAL_ADDRESS)'),
    wiring,
    async () => {
      const { runServer } = await import('../processes/server.ts');
      await runServer(wiring);
    },
  );
  act(
    program
      .command('worker')
      .description('run workflows and activities (needs DATABASE_URL and TEMPORAL_ADDRESS)'),
    wiring,
    async () => {
      const { runWorker } = await import('../processes/worker.ts');
      await runWorker(wiring);
    },
  );
}
