import { statfsSync } from 'node:fs';
import { StoreUnavailable } from '../../domain/store-unavailable.ts';
import type { Gate } from '../driver.ts';
import { isStoring } from '../outage.ts';

const megabyte = 1024 * 1024;
/** What must stay free on a disk of this size: 15 %, from 8 to 64 MB. */
export const reserveOf = (diskBytes: number) =>
  Math.min(64 * megabyte, Math.max(8 * megabyte, 0.15 * diskBytes));

/**
 * Refuses to store while the disk under the folder has less free than its reserve: a database that runs out of space in the middle of a
 * commit stops, and this one would have to be started again. Reading and removing go on. It looks each time, which takes a microsecond: in
 * a quarter of a second a quick disk takes more than the reserve.
 */
export function spaceGate(folder: string): { gate: Gate; check(): void } {
  function check(): void {
    const refusal = look(folder);
    if (refusal !== undefined) throw new StoreUnavailable(refusal, 'full');
  }
  return {
    gate: (sql) => {
      if (isStoring(sql)) check();
    },
    check,
  };
}

/** The disk under the folder. */
export function diskOf(folder: string): { freeBytes: number; bytes: number } {
  const { bsize, bavail, blocks } = statfsSync(folder);
  return { freeBytes: bavail * bsize, bytes: blocks * bsize };
}

function look(folder: string): string | undefined {
  const { freeBytes: free, bytes } = diskOf(folder);
  const reserve = reserveOf(bytes);
  if (free >= reserve) return undefined;
  const [left, kept] = [free, reserve].map((bytes) => Math.round(bytes / megabyte));
  return `The store is not available: the disk of the data folder is full (${left} MB free, ${kept} MB are kept free). Make room: it goes on by itself`;
}
