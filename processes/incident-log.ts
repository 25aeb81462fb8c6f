import { connectClients } from '../activities/clients.ts';
import type { AnyProvider } from '../activities/provider.ts';
import type { IncidentLog } from '../server/story/gather.ts';
import type { StoredConnections } from '../store/connections/stored-connections.ts';
import { allConnections } from './connections.ts';

interface Options {
  env: NodeJS.ProcessEnv;
  providers: readonly AnyProvider[];
  connections: Pick<StoredConnections, 'settingsOf'>;
}

/** How the log of an incident is read at its provider; undefined where no provider has one. */
export function incidentLogOf({ env, providers, connections }: Options): IncidentLog | undefined {
  const log = providers.find(({ name }) => name === 'pagerduty')?.log;
  if (!log) return undefined;
  const source = allConnections(env, connections);
  const clients = connectClients(providers, source, env);
  return async ({ connection, incidentId }, signal) => {
    const found = await source.settingsOf('pagerduty', connection);
    if (!log.needs.some((name) => found?.values[name])) return undefined;
    return log.ofIncident(await clients.pagerduty(connection), incidentId, signal);
  };
}
