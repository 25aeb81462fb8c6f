import { makeScrubber } from '../secrets/scrub.ts';
import type { Doctor, Examined } from '../server/doctor.ts';
import { marks, providers, type Settings, secretsOf } from './settings.ts';
import type { Wiring } from './wiring.ts';

/** Looks at the connections that `env` defines. It does not reach what another process simulates, and says that it is simulated. */
export async function doctorFor(
  { loadActivities }: Pick<Wiring, 'loadActivities'>,
  env: NodeJS.ProcessEnv,
  { simulated, connectedBy }: Pick<Settings, 'simulated' | 'connectedBy'>,
): Promise<Doctor> {
  const { activities, connectClients, checks } = await loadActivities();
  const clients = connectClients(env);
  const connections = providers.map((provider): Examined => {
    const { title, check, test } = checks[provider];
    const connection = 'default';
    return {
      provider,
      title,
      connection,
      simulated: simulated.includes(provider),
      isUsed: connectedBy.some((name) => marks[provider].test(name)),
      check: async (rights, signal) =>
        check(await clients[provider](connection), signal, { rights, settings: env }),
      test: async (signal) =>
        test?.(await clients[provider](connection), signal, { rights: [], settings: env }),
    };
  });
  return { connections: async () => connections, activities, scrub: makeScrubber(secretsOf(env)) };
}
