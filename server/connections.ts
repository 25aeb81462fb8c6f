import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { peerOf, whoGivesWay } from './peers.ts';

/** From so many on, those give way that have waited for longer than a real request takes; never more than the second number. */
const connectionsUsually = 2_048;
const connectionsAtMost = 4_096;
const patienceMs = 1_000;

interface Open {
  socket: Socket;
  peer: string;
  amount: 1;
  /** Since when nothing is being answered on it. */
  since: number;
  request?: IncomingMessage;
}

/**
 * Bounds how many connections are open. A new one is taken nevertheless: instead of it one is closed that is idle, or whose request does not
 * come to its end, so that strangers who hold connections cannot shut the door.
 */
export function boundConnections(
  server: Server,
  usually = connectionsUsually,
  atMost = connectionsAtMost,
): void {
  const open = new Map<Socket, Open>();
  server.maxConnections = atMost;
  server.on('connection', (socket: Socket) => {
    // One place stays free, or the next connection would be dropped before we hear of it.
    if (open.size >= usually) closeOne(open, open.size + 1 < atMost ? patienceMs : 0);
    open.set(socket, { socket, peer: peerOf(socket), amount: 1, since: performance.now() });
    socket.once('close', () => open.delete(socket));
  });
  server.prependListener('request', (request, response) => {
    const connection = open.get(request.socket);
    if (!connection) return;
    connection.request = request;
    response.once('close', () => {
      delete connection.request;
      connection.since = performance.now();
    });
  });
}

function closeOne(open: Map<Socket, Open>, patience: number): void {
  const before = performance.now() - patience;
  const waiting = [...open.values()].filter(
    ({ request, since }) => since <= before && request?.complete !== true,
  );
  whoGivesWay(waiting.sort((one, other) => one.since - other.since))?.socket.destroy();
}
