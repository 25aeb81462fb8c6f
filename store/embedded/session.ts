import { Worker } from 'node:worker_threads';
import { StoreUnavailable } from '../../domain/store-unavailable.ts';
import { type Compiled, compiledDatabase } from './pglite.ts';

/** What the thread is begun with. The first thing that it is sent is PostgreSQL's code. */
export interface Begun {
  folder: string;
  fsync: boolean;
}

/** Without a message: it is to close. */
export interface Asked {
  id: number;
  message?: Uint8Array<ArrayBuffer>;
  durable?: boolean;
}

/** The first one, of number 0, says that the database is open. */
export interface Answer {
  id: number;
  bytes?: Uint8Array;
  failure?: { message: string; code: string | undefined };
}

/** The one session with the embedded database. */
export interface Session {
  /**
   * Has the message carried out, after all that were given before, and gives the answer, both in PostgreSQL's protocol. It takes the message away. `durable`: what it has
   * changed is on the disk before. Rejects with `StoreUnavailable` where the thread has ended.
   */
  exchange(message: Uint8Array<ArrayBuffer>, durable: boolean): Promise<Uint8Array>;
  /**
   * Ends the thread, where an answer shows that nothing can be known of the database any more: as if it had ended by itself. Gives what whoever
   * has asked is told.
   */
  giveUp(why: string): Error;
  /** After all that was given before. */
  close(): Promise<void>;
}

interface Waiter {
  resolve(bytes: Uint8Array): void;
  reject(error: Error): void;
}

/**
 * Opens the database of a folder in a thread of its own: PostgreSQL runs in the thread that asks it, and whoever delivers a webhook would
 * wait for the statements of everybody. Where the thread ends by itself, whoever waits and whoever asks later is told so, and `onLost` once. What
 * is asked keeps the process alive, the thread does not.
 */
export async function openThread(
  folder: string,
  fsync: boolean,
  onLost: (error: Error) => void = () => undefined,
): Promise<Session> {
  const waiting = new Map<number, Waiter>();
  let last = 0;
  /** Why nothing is asked any more. */
  let over: Error | undefined;
  let isOpen = false;
  const thread = startThread({ folder, fsync });

  thread.on('message', ({ id, bytes, failure }: Answer) => {
    const waiter = waiting.get(id);
    waiting.delete(id);
    if (waiting.size === 0) thread.unref();
    if (failure) waiter?.reject(Object.assign(new Error(failure.message), failure));
    else waiter?.resolve(bytes ?? new Uint8Array());
  });
  // Nobody will be told what was in it.
  thread.once('messageerror', () => thread.terminate());
  thread.once('error', (error) => (isOpen ? lose((error as Error).message) : end(error as Error)));
  thread.once('exit', (code) => lose(`exit code ${code}`));

  /** Gives why it is over: the first that was said. */
  function end(why: Error): Error {
    over ??= why;
    for (const { reject } of waiting.values()) reject(over);
    waiting.clear();
    return over;
  }

  function lose(why: string): Error {
    const isNews = isOpen && !over;
    const error = new StoreUnavailable(
      `The store is not available: its thread has ended (${why}). Restart Baton: it goes on from what is there`,
    );
    const said = end(error);
    if (isNews) onLost(error);
    return said;
  }

  function wait(id: number): Promise<Uint8Array> {
    if (waiting.size === 0) thread.ref();
    return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
  }

  function ask(asked: Omit<Asked, 'id'>): Promise<Uint8Array> {
    if (over) return Promise.reject(over);
    last += 1;
    thread.postMessage({ ...asked, id: last }, asked.message ? [asked.message.buffer] : []);
    return wait(last);
  }

  const open = wait(0);
  // It loads its own modules meanwhile.
  compiledDatabase().then(
    (compiled: Compiled) => thread.postMessage(compiled),
    (error) => {
      end(error);
      void thread.terminate();
    },
  );
  await open;
  isOpen = true;
  return {
    exchange: (message, durable) => ask({ message, durable }),
    giveUp(why) {
      void thread.terminate();
      return lose(why);
    },
    async close() {
      if (over) return;
      const closed = ask({});
      over = new StoreUnavailable('The store is not available: it was closed');
      await closed.finally(() => thread.terminate());
    },
  };
}

function startThread(workerData: Begun): Worker {
  // Node reads NODE_OPTIONS for a thread only where it is given the environment.
  return new Worker(new URL('./session-thread.ts', import.meta.url), {
    name: 'store',
    workerData,
    env: process.env,
  });
}
