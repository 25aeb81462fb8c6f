import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { sampledLog } from '../../log/sampled-log.ts';
import { longestBody, parseJsonText } from '../receiving/body.ts';
import type { SlackSaid, TakeFromSlack } from './said.ts';
import { checkSocketAddress, NotOpened, openingFailure, openingFetch } from './socket-opening.ts';

/** Slack greets at once. */
const greetingMs = 10_000;
/** What is at hand is stored in less, or refused by the store. */
const finishMs = 2_500;
const closeMs = 1_000;

/** Why a connection ended, and whether Slack asked in good time for another in its place. */
export interface Ending {
  reason: string;
  isPlanned: boolean;
}

export interface SocketConnection {
  /** Resolves when another has to take its place. */
  ended: Promise<Ending>;
  /** Resolves when its socket is gone. */
  closed: Promise<void>;
}

export interface ConnectionOptions {
  appToken: string;
  /** The Web API. */
  api: URL;
  /** The ways to the Web API and to the socket. */
  ways: { api: Dispatcher; socket: Dispatcher };
  take: TakeFromSlack;
  log: Logger;
  /** When it aborts, what is at hand is finished and the connection closed. */
  signal: AbortSignal;
}

/** What the SDK makes of an envelope. */
interface Envelope {
  type: string;
  body: unknown;
  accepts_response_payload?: boolean;
  ack(answer?: unknown): Promise<void>;
}

const kinds: Readonly<Record<string, SlackSaid['kind']>> = {
  interactive: 'interactive',
  slash_commands: 'command',
  events_api: 'event',
};

const farewell = z.object({ type: z.literal('disconnect'), reason: z.string().catch('') });
const endings: Readonly<Record<string, Ending>> = {
  warning: { reason: 'Slack closes the connection soon', isPlanned: true },
  refresh_requested: { reason: 'Slack wants a new connection', isPlanned: true },
  link_disabled: { reason: 'Socket Mode is switched off in the settings of the Slack app', isPlanned: false },
};
const closedByThem: Ending = { reason: 'the connection was closed', isPlanned: false };

const silent = { debug() {}, info() {}, warn() {}, error() {}, setLevel() {}, setName() {} };

/**
 * One connection to Slack by Socket Mode, open and greeted; throws `NotOpened`. What comes over it is taken, then acknowledged. What could
 * not be taken is not: an event comes again then. https://docs.slack.dev/apis/events-api/using-socket-mode
 *
 * The SDK opens, pings and acknowledges. Its own way to connect again is off: a token that Slack does not take any more, or a proxy that is
 * away, is a rejection in a timer there, which ends the process.
 */
export async function openConnection(options: ConnectionOptions): Promise<SocketConnection> {
  const { appToken, api, ways, take, log, signal } = options;
  const { LogLevel, SocketModeClient } = await import('@slack/socket-mode');
  const ended = Promise.withResolvers<Ending>();
  const closed = Promise.withResolvers<void>();
  const atHand = new Set<Promise<void>>();
  const sampled = sampledLog(log);
  let socket: Duplex | undefined;
  let isClosing = false;

  const client = new SocketModeClient({
    appToken,
    autoReconnectEnabled: false,
    dispatcher: handingOver(ways.socket, (upgraded) => {
      socket = upgraded;
    }),
    logger: { ...silent, getLevel: () => LogLevel.ERROR },
    clientOptions: {
      slackApiUrl: api.href,
      allowAbsoluteUrls: false,
      retryConfig: { retries: 0 },
      fetch: openingFetch(ways.api, signal),
    },
  });
  client.once('disconnected', async () => {
    socket?.destroy();
    signal.removeEventListener('abort', close);
    ended.resolve(closedByThem);
    await within(finishMs, Promise.allSettled(atHand));
    closed.resolve();
  });
  // What is thrown here comes out of `start`, before anything was sent to the address.
  client.on('authenticated', ({ url }: { url: string }) => {
    if (isClosing) throw new NotOpened('it was told to stop');
    checkSocketAddress(url, api);
  });
  client.on('slack_event', (envelope: Envelope) => {
    const taking = takeAndAck(envelope).finally(() => atHand.delete(taking));
    atHand.add(taking);
  });
  // What the SDK cannot read is an unhandled rejection there: an event without an `event`, as `app_rate_limited` is one.
  const [read] = client.listeners('ws_message');
  client.removeAllListeners('ws_message');
  client.on('ws_message', async (frame: unknown, isBinary: boolean) => {
    try {
      const said = farewell.safeParse(isBinary ? undefined : parseJsonText(String(frame)));
      if (!said.success) return await read?.(frame, isBinary);
      ended.resolve(endings[said.data.reason] ?? closedByThem);
      await close();
    } catch (error) {
      sampled.line('frame', (to) => to.warn({ err: error }, 'A frame on Slack’s socket could not be read'));
    }
  });

  async function takeAndAck({ type, body: payload, accepts_response_payload, ack }: Envelope): Promise<void> {
    const kind = kinds[type];
    if (!kind) return;
    try {
      const body = Buffer.from(JSON.stringify(payload) ?? '');
      if (body.length > longestBody) throw new Error(`It is longer than ${longestBody / 1024} KB`);
      const { answer } = await take({ kind, payload, body });
      await ack(accepts_response_payload ? answer : undefined);
    } catch (error) {
      sampled.line(kind, (to) => to.error({ err: error, kind }, 'Slack got no ack: an event comes again'));
    }
  }

  /** Finishes what is at hand: an ack goes over the connection that the envelope came by. */
  async function close(): Promise<void> {
    isClosing = true;
    await within(finishMs, Promise.allSettled(atHand));
    await within(closeMs, client.disconnect());
    // A second time, it waits no longer for the other side's goodbye.
    void client.disconnect();
    await closed.promise;
  }

  signal.addEventListener('abort', close);
  const started = client.start();
  try {
    const greeted = await within(greetingMs, started);
    if (!greeted) throw new NotOpened('Slack did not greet in time');
  } catch (error) {
    started.catch(() => {});
    void close();
    throw openingFailure(error);
  }
  return { ended: ended.promise, closed: closed.promise };
}

/** What it comes to, or undefined after so long. */
async function within<Value>(milliseconds: number, promise: Promise<Value>): Promise<Value | undefined> {
  const over = new AbortController();
  try {
    return await Promise.race([promise, pause(milliseconds, undefined, { signal: over.signal })]);
  } finally {
    over.abort();
  }
}

/**
 * The same way, with the socket of an upgraded connection handed over: undici gives it to nobody, so that one whose other side is silent
 * would stay. By HTTP/1.1, so that it is a socket of its own.
 */
function handingOver(way: Dispatcher, take: (socket: Duplex) => void): Dispatcher {
  return way.compose((dispatch) => (options, handler) => {
    const { onRequestUpgrade } = handler;
    handler.onRequestUpgrade = (controller, status, headers, socket) => {
      take(socket);
      onRequestUpgrade?.call(handler, controller, status, headers, socket);
    };
    const overHttp1 = { ...options, allowH2: false };
    return dispatch(overHttp1, handler);
  });
}
