import type { Logger } from 'pino';
import type { KnownConnections, StoredConnections } from '../../store/connections/stored-connections.ts';
import type { TakeBy } from './door.ts';
import type { WayTo } from './respond.ts';
import { type SlackSocket, type SocketState, startSlackSocket } from './socket.ts';

/** More often than what is known grows too old. */
const everyMilliseconds = 2_000;

export interface NamedSockets {
  /** By connection. */
  states(): Record<string, SocketState>;
  /** Finishes what is at hand and closes all. */
  stop(): Promise<void>;
}

interface Options {
  connections: Pick<StoredConnections, 'known'>;
  takeBy: TakeBy;
  wayToSlack: WayTo | undefined;
  log: Logger;
}

/**
 * A socket for each named connection to Slack with an app-level token, as they are added, changed and removed. While the store is away
 * those that are open stay.
 */
export function startNamedSockets({ connections, takeBy, wayToSlack, log }: Options): NamedSockets {
  const open = new Map<string, { values: string; socket: SlackSocket }>();
  const closing = new Set<Promise<void>>();
  let stopping = false;
  let timer: NodeJS.Timeout | undefined;
  let round = Promise.resolve();

  function bring(all: KnownConnections['connections']): void {
    const wanted = new Map(
      [...all].filter(([, each]) => each.provider === 'slack' && each.values?.SLACK_APP_TOKEN),
    );
    for (const [connection, { values, socket }] of open)
      if (wanted.get(connection) === undefined || valuesOf(wanted.get(connection)?.values) !== values) {
        open.delete(connection);
        const closed = socket.stop().finally(() => closing.delete(closed));
        closing.add(closed);
      }
    for (const [connection, { values = {} }] of wanted) {
      const { SLACK_APP_TOKEN: appToken, SLACK_API_URL: apiUrl } = values;
      if (open.has(connection) || appToken === undefined) continue;
      const take = takeBy({ connection, apiUrl });
      const own = log.child({ connection });
      open.set(connection, {
        values: valuesOf(values),
        socket: startSlackSocket({ appToken, take, apiUrl, wayToSlack, log: own }),
      });
    }
  }

  const begin = () => {
    round = connections
      .known()
      .then((known) => {
        if (!stopping) bring(known.connections);
      })
      .catch((error: unknown) =>
        log.warn({ err: error }, 'The store could not be asked for connections to Slack'),
      )
      .finally(() => {
        if (!stopping) timer = setTimeout(begin, everyMilliseconds);
      });
  };
  begin();
  return {
    states: () =>
      Object.fromEntries([...open].map(([connection, { socket }]) => [connection, socket.state()])),
    async stop() {
      stopping = true;
      clearTimeout(timer);
      await round;
      await Promise.all([...closing, ...[...open.values()].map(({ socket }) => socket.stop())]);
    },
  };
}

/** What a socket depends on: another bot token is no reason to close it. */
const valuesOf = ({ SLACK_APP_TOKEN, SLACK_API_URL }: Record<string, string> = {}) =>
  JSON.stringify([SLACK_APP_TOKEN, SLACK_API_URL]);
