import { connectClients, environmentConnections } from '../activities/clients.ts';
import { defaultConnection } from '../domain/subject.ts';
import { makeScrubber } from '../secrets/scrub.ts';
import type { Doctor, Examined } from '../server/doctor.ts';
import { secretsOf } from './masking.ts';
import { isMark, type Settings } from './settings.ts';
import type { Wiring } from './wiring.ts';

/** Looks at the connections that `env` defines. It does not reach what another process simulates, and says that it is simulated. */
export async function doctorFor(
  { loadActivities, loadProviders }: Pick<Wiring, 'loadActivities' | 'loadProviders'>,
  env: NodeJS.ProcessEnv,
  { simulated, connectedBy }: Pick<Settings, 'simulated' | 'connectedBy'>,
): Promise<Doctor> {
  const providers = await loadProviders();
  const clients: Record<string, (connection: string) => Promise<unknown>> = connectClients(
    providers,
    environmentConnections(env),
    env,
  );
  const connections = providers.map((provider): Examined => {
    const { name, title } = provider;
    const connection = defaultConnection;
    const client = () => clients[name]?.(connection);
    return {
      provider: name,
      title,
      connection,
      simulated: simulated.includes(name),
      isUsed: connectedBy.some((variable) => isMark(provider, variable)),
      check: async (rights, signal) => provider.check(await client(), signal, { rights, settings: env }),
      test: async (signal) => provider.test?.(await client(), signal, { rights: [], settings: env }),
    };
  });
  return {
    connections: async () => connections,
    activities: await loadActivities(),
    scrub: makeScrubber(secretsOf(env, providers)),
  };
}
