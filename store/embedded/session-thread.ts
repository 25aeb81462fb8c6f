/** The thread in which the embedded database is: it does what `session.ts` asks for, one message after the other. */
import { once } from 'node:events';
import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { openDatabase } from './pglite.ts';
import type { Answer, Asked, Begun } from './session.ts';

const port = parentPort;
if (!port) throw new Error('This is a thread of its own');
const { folder, fsync } = workerData as Begun;
const [compiled] = await once(port, 'message');
// Nobody listens until the database is open, and the thread is to live on.
port.ref();
const { exchange, synced, close } = await openDatabase(folder, fsync, compiled);

function answer(message: Answer, handedOver: ArrayBuffer[] = []): void {
  port?.postMessage(message, handedOver);
}

async function give({ id, message, durable }: Asked): Promise<void> {
  if (!message) return close();
  const bytes = exchange(message);
  if (durable) await synced();
  answer({ id, bytes }, [bytes.buffer]);
}

port.on('message', (asked: Asked) => {
  give(asked).then(
    () => {
      if (!asked.message) answer({ id: asked.id });
    },
    ({ message, code }: NodeJS.ErrnoException) => answer({ id: asked.id, failure: { message, code } }),
  );
});
answer({ id: 0 });
// It is ended, and does not end by itself: what it compiled would be lost.
flushCompileCache();
