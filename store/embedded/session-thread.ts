/** The thread in which the embedded database is: it does what `session.ts` asks for, one message after the other. */
import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { openDatabase, type ToOpen } from './pglite.ts';
import type { Answer, Asked } from './session.ts';

const port = parentPort;
if (!port) throw new Error('This is a thread of its own');
const { exchange, synced, close } = await openDatabase(workerData as ToOpen);

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
