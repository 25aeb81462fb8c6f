import { readdirSync } from 'node:fs';
import { WebSocket } from 'undici';
import { z } from 'zod';

const message = z.object({
  id: z.number().optional(),
  method: z.string().optional(),
  params: z.object({ sessionId: z.string(), message: z.string().optional() }).partial().optional(),
  result: z.object({ usedSize: z.number().optional() }).loose().optional(),
});

/** What the process holds in the heaps of all its JavaScript threads, in MB, once each has collected its garbage. */
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
  const waiting = new Map<number, (result: { usedSize?: number | undefined }) => void>();
  let calls = 0;
  const take = (text: string) => {
    const { id, method, params, result } = message.parse(JSON.parse(text));
    if (method === 'NodeWorker.attachedToWorker' && params?.sessionId) threads.add(params.sessionId);
    if (method === 'NodeWorker.detachedFromWorker' && params?.sessionId) threads.delete(params.sessionId);
    if (method === 'NodeWorker.receivedMessageFromWorker' && params?.message) take(params.message);
    if (id !== undefined && result) waiting.get(id)?.(result);
  };
  socket.addEventListener('message', ({ data }) => take(String(data)));
  const call = (method: string, thread?: string, params: object = {}) => {
    calls += 1;
    const id = calls;
    const text = JSON.stringify({ id, method, params });
    const outer = { id: -id, method: 'NodeWorker.sendMessageToWorker' };
    const sent = thread ? JSON.stringify({ ...outer, params: { sessionId: thread, message: text } }) : text;
    return new Promise<{ usedSize?: number | undefined }>((resolve) => {
      waiting.set(id, resolve);
      socket.send(sent);
    });
  };
  await call('NodeWorker.enable', undefined, { waitForDebuggerOnStart: false });
  const bytesOf = async (thread?: string) => {
    await call('HeapProfiler.collectGarbage', thread);
    return (await call('Runtime.getHeapUsage', thread)).usedSize ?? 0;
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
