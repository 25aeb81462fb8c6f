import type { Request } from 'express';
import { connectionNamePattern } from '../../domain/subject.ts';
import type { StoredConnections } from '../../store/stored-connections.ts';
import { noSuchRoute } from '../refusal.ts';
import type { SigningConnection } from './webhook.ts';

/**
 * The stored connection that a request's address names, with its secrets. Of another provider, or unknown: there is nothing at this
 * address, as at any other.
 */
export function storedConnectionOf(connections: Pick<StoredConnections, 'settingsOf'> | undefined) {
  return async (request: Request): Promise<SigningConnection> => {
    const { connection = '' } = request.params;
    const name = typeof connection === 'string' && connectionNamePattern.test(connection) ? connection : '';
    const found = name === '' ? undefined : await connections?.settingsOf('pagerduty', name);
    if (!found) throw noSuchRoute();
    return { connection: name, secrets: secretsIn(found.values.PAGERDUTY_WEBHOOK_SECRETS) };
  };
}

/** Several, separated by commas, so that a new one can be added before the old one is withdrawn. */
const secretsIn = (list = ''): string[] =>
  list
    .split(',')
    .map((secret) => secret.trim())
    .filter((secret) => secret !== '');
