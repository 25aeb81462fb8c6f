import type { ConnectionSource } from '../activities/clients.ts';
import type { AnyProvider } from '../activities/provider.ts';
import { defaultConnection } from '../domain/subject.ts';
import { encryptionOf } from '../secrets/encryption.ts';
import {
  type KnownConnections,
  type StoredConnections,
  storedConnections,
} from '../store/connections/stored-connections.ts';
import type { Store } from '../store/store.ts';
import { defaultConnections } from './default-connections.ts';
import type { Settings } from './settings.ts';

/** The named connections of a store, under the secret key of this Baton. `learn` is told of their secrets. */
export const connectionsIn = (
  store: Store,
  secretKey: string,
  settings: Pick<Settings, 'formerSecretKeys' | 'simulated' | 'connectedBy'>,
  { env, providers }: { env: NodeJS.ProcessEnv; providers: readonly AnyProvider[] },
  learn: (secrets: readonly string[]) => void,
): StoredConnections =>
  storedConnections({
    store,
    encryption: encryptionOf(secretKey, settings.formerSecretKeys),
    defaults: defaultConnections(env, providers, settings, secretKey),
    learn,
  });

/** Of a Baton without a store. */
export const noConnections: StoredConnections = {
  settingsOf: async () => undefined,
  known: async () => nothingKnown,
  look: async () => nothingKnown,
  add: async () => false,
  change: async () => false,
  judgeDefault: async () => false,
  renew: async (_, connection) => {
    throw new Error(`There is no connection ${connection}`);
  },
  consents: {
    begin: async () => {
      throw new Error('There is no store that could keep it');
    },
    take: async () => undefined,
    settle: async () => {},
    find: async () => undefined,
    forget: async () => {},
  },
  renewKeys: async () => 0,
};
const nothingKnown: KnownConnections = {
  version: 0,
  connections: new Map(),
  routes: [],
  defaults: new Map(),
};

/** The environment's connection `default` of each provider, and the named ones. */
export function allConnections(
  env: NodeJS.ProcessEnv,
  named: Pick<StoredConnections, 'settingsOf'> & Partial<Pick<StoredConnections, 'renew'>>,
): ConnectionSource {
  const own = { values: env, version: 'environment' };
  return {
    settingsOf: async (provider, connection) =>
      connection === defaultConnection ? own : named.settingsOf(provider, connection),
    ...(named.renew ? { renew: named.renew } : {}),
  };
}

/** Said once at a start: what of the environment's PagerDuty connection cannot work. */
export function connectionWarnings({ PAGERDUTY_ROUTING_KEY: key = '' }: NodeJS.ProcessEnv): string[] {
  if (!key.startsWith('R')) return [];
  return [
    'PAGERDUTY_ROUTING_KEY is the key of an orchestration or a ruleset (it begins with R), which takes alerts and no change events: no ' +
      'change event is sent by it. Add a connection with the integration key of a service, and a route for change events to it ' +
      '(baton routes set)',
  ];
}
