import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Two processes on one embedded database would destroy it, so the second one is refused. */
export class DataFolderInUse extends Error {
  override name = 'DataFolderInUse';
  constructor(folder: string, pid: number) {
    super(
      `The data folder ${folder} is in use by process ${pid}. Stop that process first, or give this one its own folder ` +
        `with BATON_DATA_DIR. Several processes can share one store on PostgreSQL: set DATABASE_URL.`,
    );
  }
}

/** Folders that this very process holds: its own pid in the file then means what it says. */
const held = new Set<string>();

/**
 * Takes the lock file of a data folder, which holds the pid and the start of the process. A lock whose process is gone is taken
 * over. Gives the function that releases it. Throws `DataFolderInUse`.
 */
export function lockFolder(folder: string): () => void {
  const path = join(resolve(folder), 'baton.lock');
  const own = `${process.pid} ${startOf(process.pid)}\n`;
  if (held.has(path)) throw new DataFolderInUse(folder, process.pid);
  if (!createFile(path, own)) {
    const found = readLock(path);
    if (found && isAlive(found)) throw new DataFolderInUse(folder, found.pid);
    takeAway(path, found?.text);
    if (!createFile(path, own)) throw new DataFolderInUse(folder, readLock(path)?.pid ?? 0);
  }
  held.add(path);
  return () => {
    if (held.delete(path)) rmSync(path, { force: true });
  };
}

/** False when the file is there already. Making it and finding out is one step. */
function createFile(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

interface Lock {
  pid: number;
  start: string;
  text: string;
}

function readLock(path: string): Lock | undefined {
  const text = readIfThere(path);
  const match = /^(\d+) (\S*)\n$/.exec(text ?? '');
  return match ? { pid: Number(match[1]), start: match[2] ?? '', text: match[0] } : undefined;
}

/**
 * Removes a lock that was left behind. Another process may do the same at this moment and already have made its own: what is
 * moved away is therefore looked at, and put back when it is not the lock that was read.
 */
function takeAway(path: string, text: string | undefined): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  const moved = readLock(aside);
  if (moved && moved.text !== text && isAlive(moved)) createFile(path, moved.text);
  rmSync(aside);
}

/**
 * A pid alone may have been given to another process meanwhile; in containers it often has. So the start must be the same too.
 * Where the system does not tell it, the pid decides.
 */
function isAlive({ pid, start }: Lock): boolean {
  if (pid === process.pid && start === '') return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const now = startOf(pid);
  return now === '' || start === '' || now === start;
}

/** When a process began, in clock ticks since the machine did (Linux: field 22 of its `stat`); empty where unknown. */
function startOf(pid: number): string {
  const stat = readIfThere(`/proc/${pid}/stat`);
  // The second field is the command in brackets, which may itself hold spaces and brackets.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
