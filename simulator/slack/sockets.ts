import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { newSecret } from '../secret.ts';

/** Slack waits so long for an ack. */
const ackMilliseconds = 3_000;

/** What Slack sends over a socket, but for greetings and farewells. */
export interface SocketEnvelope {
  type: 'interactive' | 'slash_commands' | 'events_api';
  payload: unknown;
  /** How often it has been sent before without an ack. */
  retry?: number;
}

/** An app's answer: its payload, empty where it had nothing to say. */
export type Ack = Record<string, unknown>;

/** The connections that apps have opened by Socket Mode. https://docs.slack.dev/apis/events-api/using-socket-mode */
export interface SlackSockets {
  /** A fresh address for one connection, as `apps.connections.open` hands it out. */
  newAddress(host: string): string;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** The open ones, oldest first. */
  readonly open: readonly WebSocket[];
  /** Sends to one connection, the newest where none is named. Undefined: no ack came within 3 s, or there is no connection. */
  send(envelope: SocketEnvelope, over?: WebSocket): Promise<Ack | undefined>;
  /** Asks all apps to connect again, and closes the connections when they say goodbye. */
  dismiss(reason: 'warning' | 'refresh_requested' | 'link_disabled'): void;
}

const ackFrame = z.object({
  envelope_id: z.string(),
  payload: z.record(z.string(), z.unknown()).default({}),
});

export function slackSockets(): SlackSockets {
  const server = new WebSocketServer({ noServer: true });
  const tickets = new Set<string>();
  const open: WebSocket[] = [];
  const waiting = new Map<string, (ack: Ack) => void>();

  function greet(socket: WebSocket): void {
    open.push(socket);
    socket.on('close', () => open.splice(open.indexOf(socket), 1));
    socket.on('error', () => {});
    socket.on('message', (data) => {
      const { envelope_id, payload } = ackFrame.parse(JSON.parse(String(data)));
      waiting.get(envelope_id)?.(payload);
    });
    const connection_info = { app_id: 'A0BATON' };
    socket.send(JSON.stringify({ type: 'hello', num_connections: open.length, connection_info }));
  }

  return {
    open,
    newAddress(host) {
      const ticket = newSecret();
      tickets.add(ticket);
      return `ws://${host}/link/?ticket=${ticket}&app_id=A0BATON`;
    },
    upgrade(request, socket, head) {
      const ticket = new URL(request.url ?? '', 'http://simulator').searchParams.get('ticket') ?? '';
      // One connection per address.
      if (tickets.delete(ticket)) server.handleUpgrade(request, socket, head, greet);
      else socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n');
    },
    async send({ type, payload, retry = 0 }, over = open.at(-1)) {
      const envelope_id = randomUUID();
      const acked = Promise.withResolvers<Ack | undefined>();
      waiting.set(envelope_id, acked.resolve);
      const timer = setTimeout(acked.resolve, ackMilliseconds, undefined);
      const again = retry === 0 ? {} : { retry_attempt: retry, retry_reason: 'timeout' };
      const frame = { envelope_id, type, payload, accepts_response_payload: type !== 'events_api', ...again };
      if (over) over.send(JSON.stringify(frame));
      else acked.resolve(undefined);
      try {
        return await acked.promise;
      } finally {
        clearTimeout(timer);
        waiting.delete(envelope_id);
      }
    },
    dismiss(reason) {
      for (const socket of open) socket.send(JSON.stringify({ type: 'disconnect', reason }));
    },
  };
}
