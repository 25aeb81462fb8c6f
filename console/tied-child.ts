import { spawn } from 'node:child_process';

/** A Node process that ends with this one, however this one ends: they hold a channel between them. */
export const startTied = (args: readonly string[], env: NodeJS.ProcessEnv) =>
  spawn(process.execPath, ['--import', import.meta.resolve('./ends-with-parent.ts'), ...args], {
    env,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
