import { chmodSync, lstatSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** What lies in the folder is not this user's alone, or cannot be made so. */
export class DataFolderUnsafe extends Error {
  override name = 'DataFolderUnsafe';
  constructor(path: string, why: string, next: string) {
    super(`The data folder cannot be used: ${path} ${why}. ${next}`);
  }
}

const forOthers = 0o077;
const writableByOthers = 0o022;

/**
 * Makes the data folder, or takes the one that is there: 0700, and nothing below it readable for others, also of what an earlier version
 * or a restored backup has put there. From now on neither this process nor its children make a file that others can read. Throws
 * `DataFolderUnsafe` where it belongs to somebody else or others may write to it: what lies there may then be theirs.
 */
export function secureDataFolder(folder: string): void {
  process.umask(forOthers);
  const place = resolve(folder);
  mkdirSync(place, { recursive: true, mode: 0o700 });
  const { mode, uid } = statSync(place);
  const me = process.geteuid?.();
  // Windows has neither.
  if (me === undefined) return;
  if (uid !== me)
    throw new DataFolderUnsafe(
      place,
      `belongs to user ${uid}, and this process runs as ${me}`,
      `Run as that user, or: chown -R ${me} ${place}, or give another folder with BATON_DATA_DIR.`,
    );
  if ((mode & writableByOthers) !== 0)
    throw new DataFolderUnsafe(
      place,
      `may be written to by others (mode ${(mode & 0o7777).toString(8)}), who could have put files there`,
      `If it holds only your own files: chmod 700 ${place}. Else give another folder with BATON_DATA_DIR.`,
    );
  closeToOthers(place, mode);
  secureBelow(place, me);
}

function secureBelow(folder: string, me: number): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const entry = lstatSync(path, { throwIfNoEntry: false });
    // A link has no rights of its own, and what it leads to is not ours to change.
    if (!entry || entry.isSymbolicLink()) continue;
    if (entry.uid !== me)
      throw new DataFolderUnsafe(
        path,
        `belongs to user ${entry.uid}, and this process runs as ${me}`,
        `Look at it, then remove it or: chown -R ${me} ${path}`,
      );
    closeToOthers(path, entry.mode);
    if (entry.isDirectory()) secureBelow(path, me);
  }
}

function closeToOthers(path: string, mode: number): void {
  if ((mode & forOthers) !== 0) chmodSync(path, mode & 0o7777 & ~forOthers);
}
