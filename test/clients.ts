import { type Clients, connectClients, environmentConnections } from '../activities/clients.ts';
import { providers } from '../activities/providers.ts';

/** The clients of all providers for these settings, as a process makes them. */
export const clientsFor = (env: NodeJS.ProcessEnv): Clients =>
  connectClients(providers, environmentConnections(env), env);
