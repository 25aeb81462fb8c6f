import { Client, Connection, type ConnectionOptions } from '@temporalio/client';
import type { PayloadKeys } from '../secrets/payload-codec.ts';
import { clientConverter } from '../worker/data-converter.ts';

interface Reached {
  connection: ConnectionOptions;
  namespace: string;
}

/** A client that connects at its first call: a server takes events in, and keeps them, also while Temporal is away. */
export function lazyClient({ connection, namespace }: Reached, keys: PayloadKeys) {
  const lazy = Connection.lazy(connection);
  const client = new Client({ connection: lazy, namespace, dataConverter: clientConverter(keys) });
  return { client, close: () => lazy.close() };
}
