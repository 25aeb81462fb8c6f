import {
  type Clients,
  type ConnectionSource,
  connectClients,
  environmentConnections,
} from '../activities/clients.ts';
import { providers } from '../activities/providers.ts';

/** The clients of all providers for these settings, as a process makes them. */
export const clientsFor = (
  env: NodeJS.ProcessEnv,
  source: ConnectionSource = environmentConnections(env),
): Clients => connectClients(providers, source, env);
