import type { Logger } from 'pino';
import { ConnectionUnreadable, type StoredConnections } from '../store/connections/stored-connections.ts';

/** More often than what is known grows too old, so that no event waits for a look. */
const everyMilliseconds = 2_000;

/**
 * Keeps what a server knows of connections and routes up to date. At its start it says which connections cannot be read, and writes
 * those under a former key anew.
 */
export function keepConnections(connections: StoredConnections, log: Logger): { stop(): Promise<void> } {
  let stopping = false;
  let timer: NodeJS.Timeout | undefined;
  let isChecked = false;
  let round = Promise.resolve();

  async function check(): Promise<void> {
    const { connections: all } = await connections.look();
    if (isChecked) return;
    const unreadable = [...all.values()].filter(({ values }) => values === undefined).map(({ name }) => name);
    if (unreadable.length > 0) log.error(new ConnectionUnreadable(unreadable).message);
    const renewed = await connections.renewKeys();
    if (renewed > 0) log.info({ renewed }, 'Connections under a former secret key are now under the newest');
    isChecked = true;
  }

  const begin = () => {
    round = check()
      .catch((error: unknown) => log.warn({ err: error }, 'The store could not be asked for connections'))
      .finally(() => {
        if (!stopping) timer = setTimeout(begin, everyMilliseconds);
      });
  };
  begin();
  return {
    async stop() {
      stopping = true;
      clearTimeout(timer);
      await round;
    },
  };
}
