import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';

/** Two processes on one embedded database would destroy it, so the second one is refused. */
export class DataFolderInUse extends Error {
  override name = 'DataFolderInUse';
  constructor(folder: string, holder: string) {
    super(
      `The data folder ${folder} is in use by ${holder}. Stop that process first, or give this one its own folder ` +
        `with BATON_DATA_DIR. Several processes can share one store on PostgreSQL: set DATABASE_URL.`,
    );
  }
}

/** After `kill -9` a large process is still being taken down for a moment. */
const waitMilliseconds = 5_000;
const pauseMilliseconds = 50;
/** SQLite's code for a file that another connection has locked. */
const sqliteBusy = 5;

/**
 * Takes the lock of a data folder; gives the function that releases it. The lock is the kernel's: SQLite, which Node brings along, holds
 * a lock on `lock.db`, nothing is ever written there, and the kernel frees it when the process is gone, however it went. So it holds
 * between containers that share the folder, where a process id means nothing. Who holds it is told in `baton.lock`, for people alone.
 * Waits up to 5 s for a holder that is about to be gone, then rejects with `DataFolderInUse`.
 */
export async function lockFolder(folder: string, waitMs = waitMilliseconds): Promise<() => void> {
  const place = resolve(folder);
  const notice = join(place, 'baton.lock');
  const deadline = performance.now() + waitMs;
  for (;;) {
    const lock = tryToLock(join(place, 'lock.db'));
    if (lock) {
      writeFileSync(notice, `${process.pid} ${hostname()}\n`, { mode: 0o600 });
      return () => {
        if (!lock.isOpen) return;
        rmSync(notice, { force: true });
        lock.close();
      };
    }
    if (performance.now() >= deadline) throw new DataFolderInUse(folder, holderIn(notice));
    await wait(pauseMilliseconds);
  }
}

/** Undefined: another process has it. The journal is off, so that no file is left beside the lock. */
function tryToLock(path: string): DatabaseSync | undefined {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('pragma journal_mode = off; pragma locking_mode = exclusive; begin exclusive');
    return database;
  } catch (error) {
    database.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy) return undefined;
    throw error;
  }
}

function holderIn(notice: string): string {
  const [pid, host] = readIfThere(notice).trim().split(' ');
  if (!pid) return 'another process';
  return host && host !== hostname() ? `process ${pid} on ${host}` : `process ${pid}`;
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
