import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Logger } from 'pino';
import { onTestFinished } from 'vitest';
import type { Delivery } from '../../domain/delivery.ts';
import { StoreUnavailable } from '../../domain/store-unavailable.ts';
import { createLog } from '../../log/log.ts';
import { type AppOptions, createApp, createHttpServer } from '../../server/app.ts';
import { createMetrics } from '../../server/metrics.ts';
import { createInbox } from '../../server/receiving/inbox.ts';
import type { TakeBy } from '../../server/slack/door.ts';
import { type TakeFromSlack, type TakingOptions, takeFromSlack } from '../../server/slack/said.ts';
import type { Receipt, StoredEvent } from '../../store/events/inbox.ts';
import { signed } from '../fixtures/webhooks.ts';

export const secret = 'whsec-current-9fK2';
export const olderSecret = 'whsec-older-4Tq8';
export const slackSecret = '0123456789abcdef0123456789abcdef';

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The body, where it is JSON. */
  json: Record<string, unknown>;
}

export interface Receiver {
  url: string;
  port: number;
  server: Server;
  /** What the store took, in order, without the duplicates. */
  stored: Delivery[];
  /** The sources of what was told by its words, in the order in which the store was asked. */
  worded: string[];
  /** What was handed to the dispatcher. */
  dispatched: StoredEvent[];
  /** What the routes for Slack lead to. */
  take: TakeFromSlack;
  log: string[];
  logger: Logger;
  /** What the store answers from now on, instead of storing; `undefined`: it works again. */
  failWith(error: Error | undefined): void;
  /** The store answers only then. `began` is called with each delivery that waits. */
  holdUntil(then: Promise<void>, began: () => void): void;
  temporal: { up: boolean; since: string };
  post(path: string, body: Uint8Array | string, headers?: Record<string, string>): Promise<Answer>;
  get(path: string, method?: string): Promise<Answer>;
}

/**
 * The receiver on a real port, over a store in memory: its own tests hold the real one to its promises, and this one fails
 * on demand. A delivery is a duplicate when its source and event id were there before.
 */
export async function startReceiver(
  overrides: Partial<AppOptions & Pick<TakingOptions, 'apiUrl' | 'wayToSlack' | 'forms'>> = {},
): Promise<Receiver> {
  const stored: Delivery[] = [];
  const worded: string[] = [];
  const dispatched: StoredEvent[] = [];
  const log: string[] = [];
  const seqs = new Map<string, number>();
  const words = new Map<string, { digest: string; id: string }>();
  const temporal = { up: true, since: '2026-11-20T09:00:00.000Z' };
  let failure: Error | undefined;
  let hold: (() => Promise<void>) | undefined;

  async function receive(delivery: Delivery): Promise<Receipt> {
    if (failure) throw failure;
    await hold?.();
    const key = JSON.stringify([delivery.source, delivery.eventId]);
    const known = seqs.get(key);
    if (known !== undefined) return { seq: known, duplicate: true, leased: false };
    const seq = seqs.size + 1;
    seqs.set(key, seq);
    stored.push(delivery);
    return { seq, duplicate: false, leased: delivery.unreadable === undefined };
  }
  const orFail = async <Value>(value: Value) => {
    if (failure) throw failure;
    return value;
  };

  const inbox = createInbox({ receive, isRaisedByDrill: async () => false }, (event) =>
    dispatched.push(event),
  );
  const logger = createLog((text) => text, {
    level: 'trace',
    destination: { write: (line) => log.push(line) },
  });
  const { apiUrl, wayToSlack, forms, ...others } = overrides;
  const isTemporalUp = () => temporal.up;
  const takeBy: TakeBy = (account) =>
    takeFromSlack({ wayToSlack, forms, isTemporalUp, inbox, log: logger, ...account });
  const take = takeBy({ connection: 'default', apiUrl });
  const server = createHttpServer(
    createApp({
      pagerDutySecrets: [secret, olderSecret],
      slackSigningSecret: slackSecret,
      store: {
        ping: () => orFail(undefined),
        backlog: () => orFail({ pending: 3, oldestSeconds: 1.5 }),
        head: () => orFail({ seq: 7, hash: 'x' }),
        idByWords: async ({ source, digest, about = digest, calledBySender }) => {
          if (failure) throw failure;
          worded.push(source);
          const before = words.get(`${source} ${about}`);
          const isRepeat = before?.digest === digest;
          const id = isRepeat ? before.id : (calledBySender ?? `${digest}/${stored.length}`);
          words.set(`${source} ${about}`, { digest, id });
          return id;
        },
      },
      inbox,
      slackApiUrl: apiUrl,
      takeFromSlack: takeBy,
      temporalState: () => temporal,
      log: logger,
      metrics: createMetrics(),
      simulated: [],
      ...others,
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    port,
    server,
    stored,
    worded,
    dispatched,
    take,
    log,
    logger,
    temporal,
    holdUntil: (then, began) => {
      hold = () => {
        began();
        return then;
      };
    },
    failWith: (error) => {
      failure = error;
    },
    post: (path, body, headers = {}) => send(url + path, { method: 'POST', body: bytes(body), headers }),
    get: (path, method = 'GET') => send(url + path, { method }),
  };
}

export const webhookPath = '/webhooks/pagerduty';

/** Sends bytes with a signature that matches. */
export const sendSigned = (
  receiver: Receiver,
  body: Uint8Array | string,
  headers: Record<string, string> = {},
): Promise<Answer> => receiver.post(webhookPath, body, { ...signed(Buffer.from(body), secret), ...headers });

export const storeIsDown = () =>
  new StoreUnavailable('The store is not available: it did not answer in time');

const bytes = (body: Uint8Array | string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(body));

async function send(url: string, init: RequestInit): Promise<Answer> {
  const { status, headers, text } = await fetch(url, init).then(async (response) => ({
    status: response.status,
    headers: response.headers,
    text: await response.text(),
  }));
  const isJson = text !== '' && /json/.test(headers.get('content-type') ?? '');
  return { status, headers, text, json: isJson ? JSON.parse(text) : {} };
}

/** Writes to a socket as it is, and gives what came back until the other side closed. */
export function exchange(port: number, ...parts: (string | Uint8Array)[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.on('close', () => resolve(answer));
    // A reset after an answer is an end like any other.
    socket.on('error', (error) => (answer ? undefined : reject(error)));
    for (const part of parts) socket.write(part);
  });
}

/** The status of the first answer in a raw exchange. */
export const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
