import { spawn } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { anyFreePort } from '../../processes/ports.ts';
import { eventually } from '../world.ts';

const root = fileURLToPath(new URL('../../baton.ts', import.meta.url));

/** `baton` as a process of its own. */
export interface BatonProcess {
  url: string;
  pid: number;
  /** Ends it and resolves when it is gone, with its exit code. */
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>;
}

/** A command of `baton`, as `startBaton` takes it. */
export const batonCommand = (command: 'start' | 'server') => [root, command];

/** As the command sets them. */
const memorySettings = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072' };

/** Starts Baton on this data folder, or another program and its arguments, and waits until it is ready. */
export async function startBaton(
  env: Record<string, string>,
  port?: number,
  program = batonCommand('start'),
): Promise<BatonProcess> {
  const { BATON_DATA_DIR: dataDir } = env;
  // Bundling takes seconds, which no test is about.
  if (dataDir && !existsSync(join(dataDir, 'secret.key')))
    cpSync(inject('shippedPath'), dataDir, { recursive: true });
  const chosen = port ?? (await anyFreePort('127.0.0.1'));
  const child = spawn(process.execPath, ['--max-semi-space-size=16', ...program], {
    env: { ...process.env, ...memorySettings, ...env, PORT: String(chosen) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => {
    words += chunk.toString('utf8');
  });
  const gone = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  let isGone = false;
  void gone.then(() => {
    isGone = true;
  });
  const url = `http://127.0.0.1:${chosen}`;
  await eventually(
    'Baton to be ready',
    async () => {
      if (isGone) throw new Error(`Baton ended at its start: ${words}`);
      const answer = await fetch(`${url}/readyz`).catch(() => undefined);
      await answer?.body?.cancel();
      return answer?.ok;
    },
    60_000,
  );
  return {
    url,
    pid: child.pid ?? 0,
    async kill(signal) {
      child.kill(signal);
      return gone;
    },
  };
}
