import { Client, Connection, type ConnectionOptions } from '@temporalio/client';

/** A client that connects at its first call: a server takes events in, and keeps them, also while Temporal is away. */
export function lazyClient({ connection, namespace }: { connection: ConnectionOptions; namespace: string }) {
  const lazy = Connection.lazy(connection);
  return { client: new Client({ connection: lazy, namespace }), close: () => lazy.close() };
}
