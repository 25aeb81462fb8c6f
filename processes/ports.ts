import { createServer } from 'node:net';
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

export const portTaken = (port: number) =>
  new CliFailure(`Port ${port} is taken by another program`, {
    next: 'Set PORT to a free one, or unset it to take the next free one from 8080 on.',
  });
