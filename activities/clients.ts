import { defaultConnection } from '../domain/subject.ts';
import { type Budget, noBudget } from './budget.ts';
import { noConnection, settingUnusable } from './failures.ts';
import { type AnyProvider, type Renew, type Use, withoutEmpty } from './provider.ts';
import type { providers } from './providers.ts';

type Listed = (typeof providers)[number];

/**
 * The providers' clients, by connection name. Secrets live in here and nowhere else: an activity names a connection and
 * gets a client. An unknown or unset connection is the failure `NotConnected`, which names the missing setting.
 */
export type Clients = {
  [Each in Listed as Each['name']]: (connection: string, use?: Use) => ReturnType<Each['connect']>;
};

/** The same clients, each for this use. Whatever stands beside them stays as it is. */
export const forUse = <Given extends object>(clients: Given, use: Use): Given =>
  Object.fromEntries(
    Object.entries(clients).map(([name, client]) => [
      name,
      typeof client === 'function' ? (connection: string) => client(connection, use) : client,
    ]),
  ) as Given;

/** Where the settings of named connections come from. */
export interface ConnectionSource {
  /**
   * The values by the names of the provider's settings; undefined where there is no such connection. `version` changes when the values
   * do: the client is then made anew.
   */
  settingsOf(
    provider: string,
    connection: string,
  ): Promise<{ values: Record<string, string | undefined>; version: string } | undefined>;
  /** How what a named connection holds changes by its use. Left out: there is none. */
  renew?(
    provider: string,
    connection: string,
    renewal: Parameters<Renew>[0],
  ): Promise<Record<string, string>>;
}

/** The connection `default` of each provider, as the environment's variables define it (design §5). There is no other one. */
export function environmentConnections(env: NodeJS.ProcessEnv): ConnectionSource {
  return {
    settingsOf: async (_, connection) =>
      connection === defaultConnection ? { values: env, version: 'environment' } : undefined,
  };
}

/**
 * The clients of these providers. One is made at its first use, once for each connection and version of its settings; an attempt that
 * failed is made again. `env` is the process's own: proxies and the like, never another connection's settings. `budget`: that of the
 * process, where it has one.
 */
export function connectClients(
  providers: readonly AnyProvider[],
  source: ConnectionSource,
  env: NodeJS.ProcessEnv,
  budget = noBudget,
): Clients {
  const clients = providers.map((provider) => [provider.name, clientsOf(provider, source, env, budget)]);
  return Object.fromEntries(clients) as Clients;
}

function clientsOf(provider: AnyProvider, source: ConnectionSource, env: NodeJS.ProcessEnv, budget: Budget) {
  const made = new Map<string, { version: string; client: Promise<unknown> }>();
  const connected = async (connection: string): Promise<unknown> => {
    const found = await source.settingsOf(provider.name, connection);
    if (!found) {
      made.delete(connection);
      throw noConnection(provider.title, connection);
    }
    const known = made.get(connection);
    if (known?.version === found.version) return known.client;
    // The environment's values are written nowhere.
    const renew: Renew | undefined =
      source.renew && connection !== defaultConnection
        ? (renewal) => (source.renew as NonNullable<typeof source.renew>)(provider.name, connection, renewal)
        : undefined;
    const client = connect(provider, found.values, env, connection, budget, renew);
    const entry = { version: found.version, client };
    made.set(connection, entry);
    client.catch(() => {
      if (made.get(connection) === entry) made.delete(connection);
    });
    return client;
  };
  return async (connection: string, use?: Use): Promise<unknown> => {
    const client = await connected(connection);
    return use && provider.forUse ? provider.forUse(client, use) : client;
  };
}

/** A client for values that no connection holds yet; `renew`: or that one holds. */
export const clientFor = (
  provider: AnyProvider,
  values: Record<string, string | undefined>,
  env: NodeJS.ProcessEnv,
  renew?: Renew,
): Promise<unknown> => connect(provider, values, env, 'to be set up', noBudget, renew);

async function connect(
  provider: AnyProvider,
  values: Record<string, string | undefined>,
  env: NodeJS.ProcessEnv,
  connection: string,
  budget: Budget,
  renew?: Renew,
): Promise<unknown> {
  const { data, error } = provider.settings.safeParse(withoutEmpty(values));
  const [issue] = error?.issues ?? [];
  if (issue) throw settingUnusable(provider.title, `${String(issue.path[0])} ${issue.message}`, connection);
  return provider.connect(data, env, connection, budget, renew);
}

/**
 * Loads the SDKs of the connected providers. One takes up to a second, in which nothing else is done: in the middle of an attempt
 * its heartbeat would be late, and Temporal would give the call to another worker beside it. What is not connected is left.
 */
export async function loadClients(clients: Clients): Promise<void> {
  for (const connect of Object.values(clients)) await connect(defaultConnection).catch(() => undefined);
}
