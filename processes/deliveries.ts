import type { Clients } from '../activities/clients.ts';
import type { AnyProvider } from '../activities/provider.ts';
import type { Subscription } from '../domain/subscription.ts';
import type { Send } from '../server/rounds/deliveries.ts';

/** How a server tells subscribers: by the provider that reaches them. Undefined where none does. */
export function sendBy(providers: readonly AnyProvider[], clients: Clients): Send | undefined {
  const provider = providers.find(({ tell }) => tell !== undefined);
  const connect = (clients as Record<string, (connection: string) => Promise<unknown>>)[provider?.name ?? ''];
  if (!provider?.tell || !connect) return undefined;
  const { tell } = provider;
  return async ({ connection, ...sending }, signal) => tell(await connect(connection), sending, signal);
}

/** What a server is given of it: nothing where there is nobody to tell. */
export const toldBy = (subscriptions: readonly Subscription[] = [], send: Send | undefined) =>
  subscriptions.length > 0 && send ? { subscriptions, send } : undefined;
