import { fdatasync, fdatasyncSync, fsyncSync } from 'node:fs';
import { promisify } from 'node:util';
import { NodeFS } from '@electric-sql/pglite/nodefs';

/** The part of PGlite's file system that stands on Node's. It is changed in place, so it must not be a copy. */
interface NodeFiles {
  stream_ops: { fsync?: (file: OpenFile) => number; close(file: OpenFile): void };
  doSetAttr(file: unknown, node: unknown, attributes: Attributes, ...rest: unknown[]): void;
}

/** Throws where it keeps its files in another way. It is looked at by hand: the thread of the database loads little, since all of it is memory. */
function filesOf(loaded: unknown): NodeFiles {
  const { NODEFS } = loaded as { NODEFS?: Partial<NodeFiles> };
  if (typeof NODEFS?.doSetAttr !== 'function' || typeof NODEFS.stream_ops?.close !== 'function')
    throw new Error('This version of PGlite keeps its files in another way');
  return NODEFS as NodeFiles;
}

interface Attributes {
  mode?: number;
}

interface OpenFile {
  nfd: number;
  path?: string;
  node: { mode: number };
}

const typeOfFile = 0o170_000;
const folder = 0o040_000;

/** The files of the embedded database. */
export interface EmbeddedFiles {
  fs: NodeFS;
  /** Resolves when all that PostgreSQL has asked to be on the disk is there. Rejects with what the disk says. */
  synced(): Promise<void>;
}

/**
 * The files of the embedded database. PGlite's own never reach the disk when PostgreSQL asks for it (its `fsync` does nothing), and are
 * readable for all (it sets their modes itself, so that no umask counts): both are mended here.
 *
 * PostgreSQL runs in this thread, so it does not wait for the disk in the middle of a commit, with all other statements
 * behind it. Of its log of changes it is only noted that it must be on the disk; whoever gave the statement waits for `synced` before
 * he calls it done, and those who wait at one moment share one call. All other files wait for the log, as PostgreSQL wants it.
 * A disk that answers at once is asked from this thread: to be told of its answer by another one takes longer than the answer.
 */
export function embeddedFiles(path: string): EmbeddedFiles {
  const fs = new NodeFS(path);
  const log = changeLog();
  const init = fs.init.bind(fs);
  fs.init = async (pglite, options) => {
    const made = await init(pglite, options);
    made.emscriptenOpts.preRun?.push((loaded: unknown) => {
      const NODEFS = filesOf(loaded);
      const { stream_ops: operations, doSetAttr: setAttributes } = NODEFS;
      const close = operations.close;
      operations.fsync = (file) => {
        if (isOfLog(file)) log.note(file.nfd);
        else syncNow(file, log);
        return 0;
      };
      operations.close = (file) => {
        log.settle(file.nfd);
        close(file);
      };
      NODEFS.doSetAttr = (file, node, { mode, ...others }, ...rest) => {
        const attributes = mode === undefined ? others : { ...others, mode: mode & ~0o077 };
        setAttributes(file, node, attributes, ...rest);
      };
    });
    return made;
  };
  return { fs, synced: log.synced };
}

const isOfLog = ({ path = '', node }: OpenFile) =>
  path.includes('/pg_wal/') && (node.mode & typeOfFile) !== folder;

/** A file's times need not be on the disk, an entry of a folder must be. */
function syncNow({ nfd, node }: OpenFile, log: ChangeLog): void {
  log.settle();
  if ((node.mode & typeOfFile) === folder) fsyncSync(nfd);
  else fdatasyncSync(nfd);
}

interface ChangeLog {
  /** This file holds what must be on the disk. */
  note(file: number): void;
  /** Brings it there at once: of one file, which is then closed, or of all. */
  settle(file?: number): void;
  synced(): Promise<void>;
}

const bringToDisk = (file: number) => promisify(fdatasync)(file);
/** A disk that takes longer than this is asked beside this thread, until after a time it is tried again. */
const quickMs = 1;
const tryAgainMs = 1_000;

/** What is committed in the same turn of the event loop shares one call. */
const endOfTurn = () => new Promise<void>((resolve) => void setImmediate(resolve));

const notTaken = ({ message, code }: NodeJS.ErrnoException) =>
  Object.assign(
    new Error(
      `the disk did not take a commit: ${message}. Look at the disk, then restart Baton: it goes on from what is there`,
    ),
    { code },
  );

function changeLog(): ChangeLog {
  const noted = new Set<number>();
  const underWay = new Set<number>();
  let current: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let slowUntil = 0;
  /** Whether the disk has what it did not take once cannot be known any more: it may forget it, and say yes to the next call. */
  let failure: Error | undefined;

  async function bring(): Promise<void> {
    const files = [...noted];
    noted.clear();
    try {
      await bringFiles(files);
    } catch (error) {
      failure = notTaken(error as NodeJS.ErrnoException);
    }
    if (failure) throw failure;
  }

  async function bringFiles(files: number[]): Promise<void> {
    const began = performance.now();
    if (began < slowUntil) return bringBeside(files);
    for (const file of files) fdatasyncSync(file);
    const ended = performance.now();
    if (ended - began > quickMs) slowUntil = ended + tryAgainMs;
  }

  async function bringBeside(files: number[]): Promise<void> {
    for (const file of files) underWay.add(file);
    try {
      await Promise.all(files.map(bringOne));
    } finally {
      for (const file of files) underWay.delete(file);
    }
  }

  async function bringOne(file: number): Promise<void> {
    try {
      await bringToDisk(file);
    } catch (error) {
      // Closed meanwhile, and so brought there by `settle`.
      if (underWay.has(file)) throw error;
    }
  }

  return {
    note: (file) => void noted.add(file),
    settle(file) {
      for (const each of file === undefined ? [...noted, ...underWay] : [file]) {
        if (!noted.has(each) && !underWay.has(each)) continue;
        fdatasyncSync(each);
        noted.delete(each);
        underWay.delete(each);
      }
    },
    /** What is noted while one call is under way waits for the next one: the one under way may have been too early. */
    synced() {
      if (failure) return Promise.reject(failure);
      if (noted.size === 0) return next ?? current ?? Promise.resolve();
      next ??= (current ?? endOfTurn())
        .catch(() => {})
        .then(() => {
          next = undefined;
          current = bring().finally(() => {
            current = undefined;
          });
          return current;
        });
      return next;
    },
  };
}
