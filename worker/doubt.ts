import { defaultConnection } from '../domain/subject.ts';
import type { StoredConnections } from '../store/connections/stored-connections.ts';

/**
 * The state of the named connection by which a call goes, where no test has confirmed it. Its settings have just been looked up or are about
 * to be, so this asks the store for nothing more. Of `default` the run's first line tells.
 */
export async function doubtAbout(
  connection: string,
  connections: Pick<StoredConnections, 'known'> | undefined,
): Promise<string | undefined> {
  if (connection === defaultConnection || !connections) return undefined;
  try {
    const state = (await connections.known()).connections.get(connection)?.state;
    return state === 'confirmed' || state === 'accepted' ? undefined : state;
  } catch {
    // The store is away: the call itself will say so.
    return undefined;
  }
}
