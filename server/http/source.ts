import type { Request } from 'express';
import type { StoredConnections } from '../../store/connections/stored-connections.ts';
import { secretsIn, storedConnectionOf } from '../receiving/signing-connection.ts';
import type { HttpSource } from './webhook.ts';

/** The stored source that a request's address names. An unknown one: there is nothing at this address, as at any other. */
export function storedSourceOf(connections: Pick<StoredConnections, 'settingsOf'> | undefined) {
  const connectionOf = storedConnectionOf(connections, { provider: 'http', setting: 'HTTP_WEBHOOK_SECRETS' });
  return async (request: Request): Promise<HttpSource> => {
    const { connection, secrets, values } = await connectionOf(request);
    const { HTTP_WEBHOOK_TOKENS, HTTP_WEBHOOK_FORMAT } = values;
    return { connection, secrets, tokens: secretsIn(HTTP_WEBHOOK_TOKENS), format: HTTP_WEBHOOK_FORMAT };
  };
}
