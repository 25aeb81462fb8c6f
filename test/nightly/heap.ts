import { readdirSync } from 'node:fs';
import { WebSocket } from 'undici';
import { z } from 'zod';

const heapUsage = z.object({ usedSize: z.number(), backingStorageSize: z.number() });
const message = z.object({
  id: z.number().optional(),
  method: z.string().optional(),
  params: z.object({ sessionId: z.string(), message: z.string().optional() }).partial().optional(),
  result: z.unknown().optional(),
  error: z.object({ message: z.string() }).optional(),
});

/** What the process holds in the heaps of all its JavaScript threads and in their buffers, in MB, once each has collected its garbage. */
export interface HeapProbe {
  heapMegabytes(): Promise<number>;
  close(): void;
}

/**
 * Speaks with a process of Node that was started with `--inspect=127.0.0.1:<port>`, by the DevTools Protocol
 * (https://chromedevtools.github.io/devtools-protocol/v8/HeapProfiler/), and with its threads by the domain `NodeWorker`.
 */
export async function probeHeap(port: number): Promise<HeapProbe> {
  const answer = await fetch(`http://127.0.0.1:${port}/json/list`);
  const [target] = z.array(z.object({ webSocketDebuggerUrl: z.string() })).parse(await answer.json());
  if (!target) throw new Error('The process has nothing to inspect');
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', reject);
  });
  const threads = new Set<string>();
  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  let calls = 0;
  const take = (text: string) => {
    const { id = 0, method, params, result, error } = message.parse(JSON.parse(text));
    if (method === 'NodeWorker.attachedToWorker' && params?.sessionId) threads.add(params.sessionId);
    if (method === 'NodeWorker.detachedFromWorker' && params?.sessionId) threads.delete(params.sessionId);
    if (method === 'NodeWorker.receivedMessageFromWorker' && params?.message) take(params.message);
    if (error) waiting.get(Math.abs(id))?.reject(new Error(error.message));
    else waiting.get(id)?.resolve(result);
  };
  socket.addEventListener('message', ({ data }) => take(String(data)));
  const call = (method: string, thread?: string, params: object = {}) => {
    calls += 1;
    const id = calls;
    const text = JSON.stringify({ id, method, params });
    // That it is handed on is answered under the negative number, what the thread says under its own.
    const handOn = { id: -id, method: 'NodeWorker.sendMessageToWorker' };
    const sent = thread ? JSON.stringify({ ...handOn, params: { sessionId: thread, message: text } }) : text;
    const answer = new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    socket.send(sent);
    return answer.finally(() => waiting.delete(id));
  };
  await call('NodeWorker.enable', undefined, { waitForDebuggerOnStart: false });
  const bytesOf = async (thread?: string) => {
    await call('HeapProfiler.collectGarbage', thread);
    const { usedSize, backingStorageSize } = heapUsage.parse(await call('Runtime.getHeapUsage', thread));
    return usedSize + backingStorageSize;
  };
  return {
    async heapMegabytes() {
      let bytes = await bytesOf();
      for (const thread of threads) bytes += await bytesOf(thread);
      return bytes / 1e6;
    },
    close: () => socket.close(),
  };
}

/** Files, sockets and pipes that a process has open. */
export const handlesOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;
