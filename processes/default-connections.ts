import { createHmac, hkdfSync } from 'node:crypto';
import { type AnyProvider, settingsOf } from '../activities/provider.ts';
import type { DefaultConnection } from '../store/connections/stored-connections.ts';
import { isMark, type Settings } from './settings.ts';

/** By these requests are known that come in. They say nothing of what goes out, and may be a server's alone. */
const ofIncoming = /_(WEBHOOK_SECRETS|SIGNING_SECRET)$/;

/**
 * The connections `default` that the environment defines, of real providers. The digest is of the settings with which calls are made, under
 * the secret key: it changes with any of them and tells none.
 */
export function defaultConnections(
  env: NodeJS.ProcessEnv,
  providers: readonly AnyProvider[],
  { simulated, connectedBy }: Pick<Settings, 'simulated' | 'connectedBy'>,
  secretKey: string,
): DefaultConnection[] {
  const key = Buffer.from(hkdfSync('sha256', secretKey, '', 'baton/default-connections/digest/v1', 32));
  return providers
    .filter(({ name }) => !simulated.includes(name))
    .filter((provider) => connectedBy.some((name) => isMark(provider, name) && !ofIncoming.test(name)))
    .map((provider) => {
      const values = settingsOf(provider)
        .filter((name) => !ofIncoming.test(name))
        .map((name) => [name, env[name] ?? '']);
      const digest = createHmac('sha256', key).update(JSON.stringify(values)).digest('hex').slice(0, 32);
      return { provider: provider.name, digest };
    });
}
