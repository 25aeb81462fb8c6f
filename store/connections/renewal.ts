import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Store } from '../store.ts';
import type { ConnectionValues, KnownConnections, StoredConnection } from './stored-connections.ts';

/** Longer than a provider is waited for. Whoever dies meanwhile holds the others up for no longer. */
const turnSeconds = 30;
const askEveryMilliseconds = 100;
/** A connection is changed by few. What was just given must not be lost for one of them. */
const mostTries = 5;

/**
 * What a connection holds and its use changes, as a token that is good for one use. Among all processes one at a time sees to it, and looks
 * first whether another one has. `renewal` is told the values of now; undefined: nothing is to be changed.
 */
export async function renewValues(
  name: string,
  renewal: (values: ConnectionValues) => Promise<ConnectionValues | undefined>,
  {
    store,
    look,
    keep,
  }: {
    store: Pick<Store, 'takeDuty' | 'releaseDuty'>;
    look(): Promise<KnownConnections>;
    keep(connection: StoredConnection, values: ConnectionValues): Promise<boolean>;
  },
): Promise<ConnectionValues> {
  const turn = `renew/${name}`;
  const holder = randomUUID();
  while (!(await store.takeDuty(turn, turnSeconds, holder))) await pause(askEveryMilliseconds);
  try {
    let given: ConnectionValues | undefined;
    for (let tries = 0; tries < mostTries; tries += 1) {
      const found = (await look()).connections.get(name);
      if (!found?.values) throw new Error(`The connection ${name} was removed meanwhile`);
      given ??= await renewal(found.values);
      if (!given) return found.values;
      const values = { ...found.values, ...given };
      if (await keep(found, values)) return values;
    }
    throw new Error(`The connection ${name} is changed by others again and again`);
  } finally {
    // It ends by itself where the store cannot be told.
    await store.releaseDuty(turn, holder).catch(() => {});
  }
}
