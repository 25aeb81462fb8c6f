import type { AnyProvider } from '../activities/provider.ts';
import { addressOf } from '../server/address.ts';
import { masked } from './masking.ts';
import type { Settings } from './settings.ts';

/** What follows from the settings of a process, for people. `here`: where it listens, once it does. */
export function effectiveSettings(
  { host, port, dataDir, publicUrl, databaseUrl, temporal, simulated, retentionDays }: Settings,
  providers: readonly AnyProvider[],
  here?: string,
): Record<string, string> {
  const shown = (name: string, value: string) => masked(name, value, providers);
  const address =
    publicUrl === undefined ? (here ?? addressOf(host, port ?? 8080)) : shown('BATON_PUBLIC_URL', publicUrl);
  return {
    listens: here ?? `http://${host}:${port ?? '8080 or the next free one'}`,
    'public address': address,
    'PagerDuty webhook': `${address.replace(/\/+$/, '')}/webhooks/pagerduty`,
    store: databaseUrl === undefined ? `embedded, in ${dataDir}` : shown('DATABASE_URL', databaseUrl),
    temporal:
      temporal === undefined
        ? `embedded, in ${dataDir}`
        : `${shown('TEMPORAL_ADDRESS', temporal.connection.address ?? 'localhost:7233')}, namespace ${temporal.namespace}`,
    simulated: simulated.length === 0 ? 'nothing' : simulated.join(', '),
    'kept for': `${retentionDays} days`,
  };
}
