import type { Clients } from '../activities/clients.ts';
import type { AnyProvider } from '../activities/provider.ts';
import type { PullSource } from '../server/pagerduty/pull.ts';

/** How often it is looked whether webhooks have left a gap, in seconds. */
const gapSeconds = 10;

/**
 * How a server reads what has happened at PagerDuty, by the provider's own way to its log: again and again, or only where webhooks have
 * missed something. Undefined where no provider has a log.
 */
export function pullSource(
  providers: readonly AnyProvider[],
  clients: Clients,
  { pullSeconds, env }: { pullSeconds: number | undefined; env: NodeJS.ProcessEnv },
): PullSource | undefined {
  const log = providers.find(({ name }) => name === 'pagerduty')?.log;
  if (!log) return undefined;
  return {
    everySeconds: pullSeconds ?? gapSeconds,
    ...(pullSeconds === undefined ? { gapsOnly: true } : {}),
    needs: log.needs,
    hasDefault: log.needs.some((name) => env[name]),
    read: async (connection, query, signal) => log.read(await clients.pagerduty(connection), query, signal),
  };
}
