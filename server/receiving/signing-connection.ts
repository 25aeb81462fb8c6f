import type { Request } from 'express';
import { connectionNamePattern } from '../../domain/subject.ts';
import type { ConnectionValues, StoredConnections } from '../../store/connections/stored-connections.ts';
import { noSuchRoute } from '../refusal.ts';

/** A connection that events come by. */
export interface SigningConnection {
  /** It is part of the event's source. */
  connection: string;
  /** Any of them may have signed. None: the webhook is closed. */
  secrets: readonly string[];
}

/**
 * The stored connection that a request's address names, with its secrets (`setting`). Of another provider, or unknown: there is nothing at
 * this address, as at any other.
 */
export function storedConnectionOf(
  connections: Pick<StoredConnections, 'settingsOf'> | undefined,
  { provider, setting }: { provider: string; setting: string },
) {
  return async (request: Request): Promise<SigningConnection & { values: ConnectionValues }> => {
    const { connection = '' } = request.params;
    const name = typeof connection === 'string' && connectionNamePattern.test(connection) ? connection : '';
    const found = name === '' ? undefined : await connections?.settingsOf(provider, name);
    if (!found) throw noSuchRoute();
    return { connection: name, secrets: secretsIn(found.values[setting]), values: found.values };
  };
}

/** Several, separated by commas, so that a new one can be added before the old one is withdrawn. */
export const secretsIn = (list = ''): string[] =>
  list
    .split(',')
    .map((secret) => secret.trim())
    .filter((secret) => secret !== '');
