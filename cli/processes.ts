import type { Command } from 'commander';
import { act, type Parts } from './command.ts';

/** The commands that stay: `start`, and its two halves for many machines. */
export function addProcessCommands(program: Command, parts: Parts): void {
  act(
    program.command('start').description('run everything in one process, with what is missing embedded'),
    parts,
    async ({ output }) => {
      const { start } = await import('./start.ts');
      await start(parts, output);
    },
  );
  act(
    program
      .command('server')
      .description('take events in and start runs (needs DATABASE_URL and TEMPORAL_ADDRESS)'),
    parts,
    async () => {
      const { runServer } = await import('./server.ts');
      await runServer(parts);
    },
  );
  act(
    program
      .command('worker')
      .description('run workflows and activities (needs DATABASE_URL and TEMPORAL_ADDRESS)'),
    parts,
    async () => {
      const { runWorker } = await import('./worker.ts');
      await runWorker(parts);
    },
  );
}
