import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';

export interface WatchedDisk {
  folder: string;
  /** So often a store has asked for what it wrote to be on the disk. */
  calls(): number;
  /** From now on it does not take it. */
  refuse(): void;
  take(): void;
  remove(): void;
}

/** A data folder on a disk that counts and can refuse, for stores that are opened afterwards: their threads load `disk-calls.mjs` first. */
export function watchedDisk(): WatchedDisk {
  const folder = mkdtempSync(join(tmpdir(), 'baton-sync-'));
  const notes = mkdtempSync(join(tmpdir(), 'baton-calls-'));
  const [calls, refuses] = [join(notes, 'calls'), join(notes, 'refuses')];
  vi.stubEnv('BATON_TEST_DISK', notes);
  vi.stubEnv('NODE_OPTIONS', `--import=${new URL('disk-calls.mjs', import.meta.url).href}`);
  return {
    folder,
    calls: () => (existsSync(calls) ? statSync(calls).size : 0),
    refuse: () => writeFileSync(refuses, ''),
    take: () => rmSync(refuses),
    remove() {
      vi.unstubAllEnvs();
      for (const each of [folder, notes]) rmSync(each, { recursive: true });
    },
  };
}
