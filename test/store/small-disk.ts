import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  path: string;
  freeBytes(): number;
  /** Takes all that is free, with a file beside the data. */
  fill(): void;
  /** Gives it back. */
  free(): void;
  unmount(): void;
}

/** A real file system of so many MB, in memory. Mounting takes root. */
function mount(megabytes: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'baton-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path]);
  const ballast = join(path, 'ballast');
  return {
    path,
    freeBytes() {
      const { bavail, bsize } = statfsSync(path);
      return bavail * bsize;
    },
    fill() {
      const file = openSync(ballast, 'a');
      try {
        for (const block = Buffer.alloc(65_536); writeSync(file, block) === block.length; );
      } catch {
        // Full.
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(ballast, { force: true }),
    unmount() {
      execFileSync('umount', ['-l', path]);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

function findOut(): boolean {
  if (process.getuid?.() === 0 && spawnSync('mount', ['--version']).status === 0) {
    try {
      mount(1).unmount();
      return true;
    } catch {
      // As in a container without that right.
    }
  }
  console.warn('Full disks: skipped. No file system can be mounted here, which takes root on Linux.');
  return false;
}

export const smallDisk = { works: findOut(), mount };
