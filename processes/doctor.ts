import { connectClients } from '../activities/clients.ts';
import type { AnyProvider } from '../activities/provider.ts';
import type { EntryOf } from '../domain/record.ts';
import { defaultConnection } from '../domain/subject.ts';
import { learningScrubber } from '../secrets/scrub.ts';
import type { Doctor, Examined } from '../server/doctor.ts';
import type { ConnectionState } from '../store/connections/connections.ts';
import { type StoredConnections, secretParts } from '../store/connections/stored-connections.ts';
import type { Store } from '../store/store.ts';
import { allConnections } from './connections.ts';
import { secretsOf } from './masking.ts';
import { isNamed, policyFindings, unknownIn } from './policy-findings.ts';
import { isMark, type Settings } from './settings.ts';
import type { Wiring } from './wiring.ts';

interface Options {
  env: NodeJS.ProcessEnv;
  providers: readonly AnyProvider[];
  settings: Pick<Settings, 'simulated' | 'connectedBy'>;
  connections: Pick<StoredConnections, 'look' | 'settingsOf' | 'judgeDefault'>;
  store: Pick<Store, 'judgeConnection'>;
}

/**
 * Looks at the connections that `env` defines, and at the named ones. It does not reach what another process simulates, and says that it
 * is simulated.
 */
export async function doctorFor(
  { loadActivities, loadPolicies }: Pick<Wiring, 'loadActivities' | 'loadPolicies'>,
  { env, providers, settings: { simulated, connectedBy }, connections, store }: Options,
): Promise<Doctor> {
  const clients: Record<string, (connection: string) => Promise<unknown>> = connectClients(
    providers,
    allConnections(env, connections),
    env,
  );
  const { scrub, learn } = learningScrubber(secretsOf(env, providers));
  const policies = await loadPolicies();
  /** Of the named connections, when they were looked up: what is found is found of these values. */
  const versions = new Map<string, number>();
  const examined = (
    { name, title, check, test }: AnyProvider,
    connection: string,
    settings: Readonly<Record<string, string | undefined>>,
    more: Pick<Examined, 'simulated' | 'isUsed'>,
  ): Examined => {
    const client = () => clients[name]?.(connection);
    return {
      provider: name,
      title,
      connection,
      ...more,
      check: async (rights, signal) => [
        ...(await check(await client(), signal, { rights, settings })),
        ...policyFindings(policies, { provider: name, connection, settings }),
      ],
      test: async (signal, keep) => test?.(await client(), signal, { rights: [], settings, keep }),
    };
  };
  return {
    async connections() {
      const named = (await connections.look()).connections;
      // It is said once for all connections.
      const own = { BATON_PAGERDUTY_PULL: env.BATON_PAGERDUTY_PULL };
      for (const { name, version, values = {}, secrets } of named.values()) {
        versions.set(name, version);
        learn(secretParts(values, secrets));
      }
      return [
        ...providers.map((provider) =>
          examined(provider, defaultConnection, env, {
            simulated: simulated.includes(provider.name),
            isUsed:
              connectedBy.some((variable) => isMark(provider, variable)) ||
              isNamed(policies, provider.name, defaultConnection),
          }),
        ),
        ...[...named.values()].flatMap(({ name, provider: of, values = {} }) =>
          providers
            .filter((provider) => provider.name === of)
            .map((provider) =>
              examined(provider, name, { ...own, ...values }, { simulated: false, isUsed: true }),
            ),
        ),
        ...unknownIn(policies, [defaultConnection, ...named.keys()]),
      ];
    },
    activities: await loadActivities(),
    scrub,
    async keepState({ provider, connection }, { outcome, reason }) {
      const state = states[outcome];
      if (state === undefined) return;
      const at = new Date().toISOString();
      const found = { state, at, words: reason };
      const entry: EntryOf<'connection.judged'> = {
        at,
        actor: 'baton',
        via: 'doctor',
        action: 'connection.judged',
        subject: `connection:${connection}`,
        detail: { name: connection, provider, state, reason },
      };
      const version = versions.get(connection);
      if (connection === defaultConnection) await connections.judgeDefault(provider, found, entry);
      else if (version !== undefined) await store.judgeConnection(connection, version, found, entry);
    },
  };
}

/** Where no answer came it is as if there had been no test. */
const states = {
  confirmed: 'confirmed',
  'accepted, not confirmed': 'accepted',
  rejected: 'rejected',
  unverified: undefined,
} as const satisfies Record<string, ConnectionState['state'] | undefined>;
