import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { Logger } from 'pino';
import {
  type Delivery,
  type Receipt,
  type Store,
  type StoredEvent,
  StoreUnavailable,
} from '../store/store.ts';
import { checkContentType, checkLength, parseJson, Refusal, readBody } from './body.ts';
import type { Metrics } from './metrics.ts';
import { readPagerDutyEvent } from './pagerduty/event.ts';
import { checkSignature, isWellFormed } from './pagerduty/signature.ts';
import { clickDelivery, slackEventDelivery } from './slack/payload.ts';
import { checkSlackSignature } from './slack/signature.ts';

export interface AppOptions {
  /** Any of them may have signed. None: the webhook is closed. */
  pagerDutySecrets: readonly string[];
  slackSigningSecret?: string | undefined;
  store: Pick<Store, 'receive' | 'ping' | 'backlog'>;
  /** Called with each event that this process may dispatch now. */
  onStored(stored: StoredEvent): void;
  temporalState: () => { up: boolean; since: string };
  log: Logger;
  metrics: Metrics;
  /** The providers that are simulated: said on `/readyz`. */
  simulated: readonly string[];
}

/** Deliveries that may wait for the store at a time; more are told to come back. */
const waitingAtMost = 2_500;

/** The routes that the outside reaches. Exact paths only: what is not listed here is refused. */
export function createApp(options: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('strict routing');
  app.enable('case sensitive routing');

  const receive = receiver(options);
  const timed = (source: 'pagerduty' | 'slack') => (_: Request, response: Response, next: NextFunction) => {
    const start = performance.now();
    response.once('finish', () =>
      options.metrics.webhook(source, response.statusCode, (performance.now() - start) / 1000),
    );
    next();
  };

  const pagerDuty = pagerDutyWebhook(options, receive);
  route(app, 'post', '/webhooks/pagerduty', timed('pagerduty'), pagerDuty);
  route(app, 'post', '/webhooks/pagerduty/default', timed('pagerduty'), pagerDuty);
  route(app, 'post', '/slack/interactivity', timed('slack'), slackInteractivity(options, receive));
  route(app, 'post', '/slack/commands', timed('slack'), slackCommands(options));
  route(app, 'post', '/slack/events', timed('slack'), slackEvents(options, receive));
  route(app, 'get', '/healthz', (_, response) => void response.json({ status: 'ok' }));
  route(app, 'get', '/readyz', readiness(options));
  route(app, 'get', '/metrics', async (_, response) => {
    const backlog = await options.store.backlog().catch(() => undefined);
    const { type, text } = await options.metrics.page(backlog, options.temporalState().up);
    response.type(type).send(text);
  });

  app.use(() => {
    throw new Refusal(404, 'No such route', 'Nothing answers at this address. The README lists the routes.');
  });
  app.use(answerError(options.log));
  return app;
}

type Handler = (request: Request, response: Response, next: NextFunction) => unknown;

function route(app: Express, method: 'get' | 'post', path: string, ...handlers: Handler[]): void {
  app[method](path, ...(handlers as Parameters<Express['post']>[1][]));
  app.all(path, (_, response) => {
    response.setHeader('Allow', method === 'get' ? 'GET, HEAD' : 'POST');
    throw new Refusal(405, 'Wrong method', `Use ${method.toUpperCase()} here.`);
  });
}

/** Commits a delivery and hands it on. The store's faults are ours, so they are answered 503 and sent again. */
function receiver({ store, onStored }: AppOptions): (delivery: Delivery) => Promise<Receipt> {
  let waiting = 0;
  return async (delivery) => {
    if (waiting >= waitingAtMost)
      throw new Refusal(503, 'Too busy', 'Too many deliveries wait to be stored. Send it again.', 1);
    waiting += 1;
    try {
      const receivedAt = new Date().toISOString();
      const receipt = await store.receive(delivery);
      if (receipt.leased) onStored({ seq: receipt.seq, receivedAt, event: delivery.event, attempts: 0 });
      return receipt;
    } finally {
      waiting -= 1;
    }
  };
}

function pagerDutyWebhook(
  { pagerDutySecrets }: AppOptions,
  receive: (delivery: Delivery) => Promise<Receipt>,
): Handler {
  const source = '/pagerduty/default';
  return async (request, response) => {
    if (pagerDutySecrets.length === 0) throw closed('PAGERDUTY_WEBHOOK_SECRETS');
    checkContentType(request, 'application/json');
    checkLength(request);
    const signature = header(request, 'x-pagerduty-signature');
    if (!isWellFormed(signature))
      throw new Refusal(
        400,
        'No signature',
        'X-PagerDuty-Signature holds no part of the form v1=<64 hex digits>. Only v3 webhooks are taken.',
      );
    const body = await readBody(request);
    if (checkSignature(signature, body, pagerDutySecrets) !== 'valid')
      throw new Refusal(
        403,
        'Signature does not match',
        'No signature matches a secret in PAGERDUTY_WEBHOOK_SECRETS. Compare it with the subscription’s secret.',
      );
    const receivedAt = new Date().toISOString();
    const read = readPagerDutyEvent(parseObject(body), source, receivedAt);
    const deliveryId = header(request, 'x-webhook-id')?.slice(0, 200);
    const eventId = 'event' in read ? read.event.id : (read.id ?? digest(body));
    const { type, subject, time } = 'event' in read ? read.event : read;
    const receipt = await receive({
      source,
      eventId,
      type,
      ...(subject === undefined ? {} : { subject }),
      time: time ?? receivedAt,
      ...(deliveryId === undefined ? {} : { deliveryId }),
      body,
      ...('event' in read ? { event: read.event } : { unreadable: read.unreadable }),
      actor: 'pagerduty',
      via: 'webhook',
    });
    response.status(202).json({ id: eventId, seq: receipt.seq, duplicate: receipt.duplicate });
  };
}

/** JSON, and an object: `null`, a list or a number is no event. */
function parseObject(body: Buffer): unknown {
  const json = parseJson(body);
  if (json === null || typeof json !== 'object' || Array.isArray(json))
    throw new Refusal(400, 'Not an event', 'The body is JSON, but not an object. Send one event.');
  return json;
}

/** The verified bytes of a request from Slack. */
async function slackBody(request: Request, secret: string | undefined, type: string): Promise<Buffer> {
  if (secret === undefined) throw closed('SLACK_SIGNING_SECRET');
  checkContentType(request, type);
  const body = await readBody(request);
  const signature = header(request, 'x-slack-signature');
  const timestamp = header(request, 'x-slack-request-timestamp');
  const check = checkSlackSignature({ signature, timestamp }, body, secret);
  if (check === 'stale')
    throw new Refusal(401, 'Stale request', 'The timestamp is more than five minutes away. Check the clock.');
  if (check !== 'valid')
    throw new Refusal(
      401,
      'Signature does not match',
      'Compare SLACK_SIGNING_SECRET with the app’s signing secret.',
    );
  return body;
}

const form = 'application/x-www-form-urlencoded';

function slackInteractivity(
  { slackSigningSecret, log }: AppOptions,
  receive: (delivery: Delivery) => Promise<Receipt>,
): Handler {
  return async (request, response) => {
    const body = await slackBody(request, slackSigningSecret, form);
    try {
      await receive(clickDelivery(body, new Date().toISOString()));
      response.status(200).end();
    } catch (error) {
      // Slack sends a click once: a 503 would lose it without a word to the person.
      log.error({ err: error }, 'A click could not be stored');
      response.json({
        response_type: 'ephemeral',
        replace_original: false,
        text: 'Baton could not record this click, so nothing was done. Press the button again in a minute.',
      });
    }
  };
}

function slackCommands({ slackSigningSecret }: AppOptions): Handler {
  return async (request, response) => {
    await slackBody(request, slackSigningSecret, form);
    response.json({
      response_type: 'ephemeral',
      text: 'Commands are not there yet. Use the buttons on the status card: Acknowledge, Resolve.',
    });
  };
}

function slackEvents(
  { slackSigningSecret }: AppOptions,
  receive: (delivery: Delivery) => Promise<Receipt>,
): Handler {
  return async (request, response) => {
    const body = await slackBody(request, slackSigningSecret, 'application/json');
    const json = parseObject(body) as { type?: unknown; challenge?: unknown };
    if (json.type === 'url_verification') {
      response.json({ challenge: String(json.challenge ?? '') });
      return;
    }
    await receive(slackEventDelivery(body, json, new Date().toISOString()));
    response.status(200).end();
  };
}

function readiness({ store, temporalState, simulated }: AppOptions): Handler {
  return async (_, response) => {
    const { up, since } = temporalState();
    const temporal = { state: up ? 'up' : 'down', since };
    try {
      await store.ping();
      response.json({ status: up ? 'ok' : 'degraded', store: 'up', temporal, simulated });
    } catch {
      response.setHeader('Retry-After', '5');
      response.status(503).json({ status: 'down', store: 'down', temporal, simulated });
    }
  };
}

const closed = (variable: string) =>
  new Refusal(
    503,
    'Not configured',
    `${variable} is not set, so nothing can be verified. Set it and restart.`,
    60,
  );

const digest = (body: Uint8Array) => `sha256:${createHash('sha256').update(body).digest('hex')}`;

/** A header as one text; Node joins a repeated one. */
function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}

/** Problem details (RFC 9457). What is not a refusal is our fault: the sender is told to come back, never that it erred. */
function answerError(log: Logger) {
  return (error: unknown, request: Request, response: Response, _next: NextFunction) => {
    if (response.headersSent) return void response.destroy();
    const requestId = randomUUID();
    const refusal = asRefusal(error);
    const text = { requestId, method: request.method, path: request.path, status: refusal.status };
    if (refusal.status >= 500) log.error({ ...text, err: error }, refusal.title);
    else log.info(text, refusal.title);
    if (refusal.retryAfterSeconds !== undefined)
      response.setHeader('Retry-After', String(refusal.retryAfterSeconds));
    // The rest of the body is not wanted, so the connection cannot be used again.
    if (!request.complete) response.setHeader('Connection', 'close');
    response
      .status(refusal.status)
      .type('application/problem+json')
      .send(
        JSON.stringify({
          type: 'about:blank',
          title: refusal.title,
          status: refusal.status,
          detail: refusal.message,
          instance: request.path,
          requestId,
        }),
      );
  };
}

function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof StoreUnavailable)
    return new Refusal(503, 'Store unavailable', 'The event could not be stored. Send it again.', 5);
  if (error instanceof URIError) return new Refusal(400, 'Bad address', 'The path is not well encoded.');
  return new Refusal(
    503,
    'Fault',
    'Baton could not take this. It is logged under the request id. Send it again.',
    5,
  );
}

/** A server with bounds on how long and how large a request may be, so that slow or endless ones hold no socket. */
export function createHttpServer(app: Express): Server {
  const server = createServer({ maxHeaderSize: 16 * 1024 }, app);
  server.headersTimeout = 10_000;
  server.requestTimeout = 15_000;
  server.keepAliveTimeout = 65_000;
  return server;
}
