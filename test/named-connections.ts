import { providers } from '../activities/providers.ts';
import { checkedValues } from '../server/operations/connection-values.ts';
import type { StoredConnections } from '../store/connections/stored-connections.ts';

/** Adds a named connection as an admin does by the command, which takes the line break off the end of a file, and lets it be known. */
export async function addNamed(
  connections: Pick<StoredConnections, 'add' | 'look'>,
  name: string,
  of: string,
  values: Record<string, string>,
): Promise<void> {
  const provider = providers.find((each) => each.name === of);
  if (!provider) throw new Error(`There is no provider ${of}`);
  const trimmed = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, value.trimEnd()]));
  await connections.add({
    name,
    provider: of,
    ...checkedValues(provider, trimmed),
    by: 'token:admin',
    entry: {
      at: new Date().toISOString(),
      actor: 'token:admin',
      via: 'api',
      action: 'connection.added',
      subject: `connection:${name}`,
      detail: { name, provider: of, variables: Object.keys(values).sort() },
    },
  });
  await connections.look();
}
