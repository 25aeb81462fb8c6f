import type { Clients } from '../activities/clients.ts';
import type { AnyProvider } from '../activities/provider.ts';
import type { PullSource } from '../server/pagerduty/pull.ts';

/** How a server pulls what has happened at PagerDuty, by the provider's own way to its log. Undefined where it is not to. */
export function pullSource(
  providers: readonly AnyProvider[],
  clients: Clients,
  { pullSeconds, env }: { pullSeconds: number | undefined; env: NodeJS.ProcessEnv },
): PullSource | undefined {
  const log = providers.find(({ name }) => name === 'pagerduty')?.log;
  if (!log || pullSeconds === undefined) return undefined;
  return {
    everySeconds: pullSeconds,
    needs: log.needs,
    hasDefault: Boolean(env[log.needs]),
    read: async (connection, query, signal) => log.read(await clients.pagerduty(connection), query, signal),
  };
}
