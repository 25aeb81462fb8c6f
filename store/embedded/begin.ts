import { once } from 'node:events';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { StoreUnavailable } from '../../domain/store-unavailable.ts';
import { openThread, type Session } from './session.ts';

export interface DatabaseOptions {
  /** False: what was committed in the last moments may be lost in a power cut. Default true. */
  fsync?: boolean | undefined;
  /** Called when the database has ended by itself: nothing that it is asked for will ever be done. It must not throw. */
  onLost?: ((error: Error) => void) | undefined;
}

/**
 * Opens the database in `<dataDir>/store`, made where there is none. The caller holds the folder's lock. After a crash it takes a second, in a
 * thread of its own, and this loads little: whoever starts begins with it, and loads the rest meanwhile.
 */
export async function beginDatabase(
  dataDir: string,
  { fsync = true, onLost }: DatabaseOptions,
): Promise<Session> {
  const folder = join(dataDir, 'store');
  if (!existsSync(folder)) await prepareFolder(folder);
  return openThread(folder, fsync, onLost).catch((cause: Error) => {
    if (cause instanceof StoreUnavailable) throw cause;
    throw new Error(
      `The database in ${folder} does not open: ${cause.message}. Put back a copy of the data folder, or move it away to begin with an empty one`,
      { cause },
    );
  });
}

/**
 * Making a database takes seconds, and one that was interrupted in it never opens again. So it is made under another name, and
 * renamed when it is complete. A thread makes it: what that took is some hundred megabytes, and goes with the thread.
 */
async function prepareFolder(folder: string): Promise<void> {
  const unfinished = `${folder}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  const thread = new Worker(new URL('./make-database.ts', import.meta.url), { workerData: unfinished });
  const [code] = await once(thread, 'exit');
  if (code !== 0)
    throw new Error(
      `The embedded database could not be made in ${unfinished} (exit code ${code}). Start Baton again`,
    );
  renameSync(unfinished, folder);
}
