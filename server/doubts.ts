import type { RunCause } from '../domain/incident.ts';
import type { ConnectionDoubt } from '../domain/record.ts';
import { defaultConnection } from '../domain/subject.ts';
import type { KnownConnections } from '../store/connections/stored-connections.ts';

/**
 * The connections that a run may use and that no test has shown to work: those that it was given, and `default` of all other providers
 * that the environment connects. What is simulated is none of them.
 */
export function doubtsAbout(
  { connections = {} }: Pick<RunCause, 'connections'>,
  known: KnownConnections | undefined,
): ConnectionDoubt[] {
  const named = Object.entries(connections).map(([role, connection]) => {
    const [provider = role] = role.split('/');
    return { provider, connection, state: known?.connections.get(connection)?.state ?? 'not there' };
  });
  const defaults = [...(known?.defaults ?? [])]
    .filter(([provider]) => connections[provider] === undefined)
    .map(([provider, state]) => ({ provider, connection: defaultConnection, state }));
  const doubtful = [...named, ...defaults].filter(
    ({ state }) => state !== 'confirmed' && state !== 'accepted',
  );
  return [...new Map(doubtful.map((doubt) => [`${doubt.provider}/${doubt.connection}`, doubt])).values()];
}

/** The same as a sentence of the log. */
export const doubtText = (doubts: readonly ConnectionDoubt[]): string =>
  `The run may use connections that no test has confirmed (baton connections test): ${doubts
    .map(({ provider, connection, state }) => `${connection} of ${provider} is ${state}`)
    .join(', ')}`;
