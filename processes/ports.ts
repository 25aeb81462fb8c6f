import { createServer } from 'node:net';
import { apiTitle } from '../server/api/title.ts';
import { CliFailure } from './failure.ts';

/** Whether nobody listens there. */
export function isFree(host: string, port: number): Promise<boolean> {
  return listen(host, port).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') return false;
      throw error;
    },
  );
}

/** A port that nobody listens on, as the system gives it. */
export const anyFreePort = (host: string): Promise<number> => listen(host, 0);

/** The wanted port where it is free, else one that the system gives. */
export async function freePort(host: string, wanted: number): Promise<number> {
  return (await isFree(host, wanted)) ? wanted : listen(host, 0);
}

/** The first free port from `wanted` on, within the next 100; else one that the system gives. */
export async function nextFreePort(host: string, wanted: number): Promise<number> {
  for (let port = wanted; port < wanted + 100; port += 1) if (await isFree(host, port)) return port;
  return listen(host, 0);
}

function listen(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : port));
    });
  });
}

const lookMilliseconds = 1_000;

/** Whether what listens there is a Baton: its API's document says so. */
async function isBaton(host: string, port: number): Promise<boolean> {
  try {
    const at = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
    const response = await fetch(`http://${at.includes(':') ? `[${at}]` : at}:${port}/openapi.json`, {
      signal: AbortSignal.timeout(lookMilliseconds),
      redirect: 'error',
    });
    const document = (await response.json()) as { info?: { title?: unknown } };
    return document.info?.title === apiTitle;
  } catch {
    return false;
  }
}

/** That a port cannot be had, and by whom it is held. */
export async function portTaken(host: string, port: number): Promise<CliFailure> {
  const by = (await isBaton(host, port)) ? 'another Baton, which runs there' : 'another program';
  return new CliFailure(`Port ${port} is taken by ${by}`, {
    next: 'Stop it, set PORT to a free one, or unset it to take the next free one from 8080 on.',
  });
}
