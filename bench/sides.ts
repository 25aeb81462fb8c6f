import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { BenchWorld } from './world.ts';

/** Temporal by hand, Baton, and Baton of another checkout. */
export type SideName = 'raw' | 'baton' | 'before';
/** The same, and Baton's two processes where they are apart. */
type ProcessName = SideName | 'server' | 'worker';

/** One side of the comparison: a process of its own. */
export interface Side {
  name: ProcessName;
  url: string;
  pid: number;
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
}

/** What every side is started with, as `baton` starts its own processes: so the sides differ by what they do. */
export const environmentOf = (
  { env, channelId }: Pick<BenchWorld, 'env' | 'channelId'>,
  { address, dataDir }: { address: string; dataDir: string },
): Record<string, string> => ({
  ...env,
  TEMPORAL_ADDRESS: address,
  BATON_DATA_DIR: dataDir,
  BENCH_CHANNEL: channelId,
  NODE_COMPILE_CACHE: join(dataDir, 'compiled'),
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '131072',
});

/** Starts a side from the checkout in `root` and waits until it is ready. What it prints on stderr is passed through. */
export async function startSide(name: ProcessName, root: string, env: Record<string, string>): Promise<Side> {
  const file = join(root, 'bench', name === 'raw' ? 'raw-process.ts' : 'baton-process.ts');
  const child = spawn(process.execPath, [...process.execArgv, '--max-semi-space-size=16', file], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = await readyUrl(child, name);
  return {
    name,
    url,
    pid: child.pid ?? 0,
    async kill(signal) {
      child.kill(signal);
      await ended;
    },
  };
}

async function readyUrl(child: ChildProcess, name: ProcessName): Promise<string> {
  if (!child.stdout) throw new Error('The process has no stdout');
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^ready (\S+)$/.exec(line)?.[1];
    if (url) return url;
  }
  throw new Error(`The ${name} side ended before it was ready`);
}

/** Resident memory of a process in MB. */
export function residentMegabytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes ?? 0) / 1024;
}
