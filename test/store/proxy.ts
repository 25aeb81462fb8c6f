import { createServer, connect as dial, type Socket } from 'node:net';

export interface DatabaseProxy {
  /** The database's address, by way of the proxy. */
  url: string;
  /** From now on: `pass` all; `cut` each connection; `swallow` what is said in both directions; `cut answers`: the server hears
   * what is asked, and its answer to it is cut off. */
  mode: 'pass' | 'cut' | 'swallow' | 'cut answers';
  /** Cuts what is open. */
  cut(): void;
  /** What is open stays so and says nothing more, as with a host that died. */
  silence(): void;
  close(): Promise<void>;
}

/** Stands between the store and PostgreSQL. */
export async function startProxy(databaseUrl: string): Promise<DatabaseProxy> {
  const target = new URL(databaseUrl);
  const open = new Set<Socket>();
  const silent = new WeakSet<Socket>();
  const server = createServer((client) => {
    if (proxy.mode === 'cut') return client.resetAndDestroy();
    const upstream = dial(Number(target.port), target.hostname);
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', end).on('close', () => {
        open.delete(socket);
        end();
      });
    }
    client.on('data', (data) => {
      if (proxy.mode === 'cut') end();
      else if (proxy.mode !== 'swallow' && !silent.has(client)) upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (proxy.mode === 'cut' || proxy.mode === 'cut answers') end();
      else if (proxy.mode === 'pass') client.write(data);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port');
  const url = new URL(databaseUrl);
  url.port = String(address.port);
  const proxy: DatabaseProxy = {
    url: url.href,
    mode: 'pass',
    silence() {
      for (const socket of open) silent.add(socket);
    },
    cut() {
      for (const socket of open) socket.destroy();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
  return proxy;
}
