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

/** How an incident is read at its provider; undefined where no provider has a log. */
export function incidentLogOf({ env, providers, connections }: Options): IncidentLog | undefined {
  const log = providers.find(({ name }) => name === 'pagerduty')?.log;
  if (!log) return undefined;
  const source = allConnections(env, connections);
  const clients = connectClients(providers, source, env);
  async function clientOf(connection: string) {
    const found = await source.settingsOf('pagerduty', connection);
    return log?.needs.some((name) => found?.values[name]) ? clients.pagerduty(connection) : undefined;
  }
  return {
    async entries({ connection, incidentId }, signal) {
      const client = await clientOf(connection);
      return client && log.ofIncident(client, incidentId, signal);
    },
    async incident({ connection, incidentId }, signal) {
      const client = await clientOf(connection);
      return client && log.incident(client, incidentId, signal);
    },
  };
}
