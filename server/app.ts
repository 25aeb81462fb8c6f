import { createServer, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { Logger } from 'pino';
import { defaultConnection } from '../domain/subject.ts';
import type { StoredConnections } from '../store/connections/stored-connections.ts';
import type { Store } from '../store/store.ts';
import type { Api } from './api/api.ts';
import type { BrowserRoutes } from './api/browser.ts';
import type { SignInRoutes } from './api/sign-in.ts';
import { boundConnections } from './connections.ts';
import { type ConsoleFiles, consoleRoutes, startPath } from './console.ts';
import { askedOnceASecond } from './fresh.ts';
import { answerHealth, answerMetrics, answerReadiness, type HealthOptions } from './health.ts';
import { storedSourceOf } from './http/source.ts';
import { type HttpSource, type HttpWebhookOptions, takeHttpEvents } from './http/webhook.ts';
import { jiraWebhook } from './jira/webhook.ts';
import { pagerDutyWebhook } from './pagerduty/webhook.ts';
import { answerRunPage, answerRunsPage, answerWorkerPage, runPath } from './pages.ts';
import { type BodyReader, createBodyReader } from './receiving/body.ts';
import { type CallbackOptions, takeCallback } from './receiving/callbacks.ts';
import type { Inbox } from './receiving/inbox.ts';
import { storedConnectionOf } from './receiving/signing-connection.ts';
import { takeWebhook, type WebhookSource } from './receiving/webhook.ts';
import { answerError, noSuchRoute, notConfigured, problemText, problemType, Refusal } from './refusal.ts';
import { namedDoor, ownDoor, type TakeBy } from './slack/door.ts';
import { takeSlackClick, takeSlackCommand, takeSlackEvent } from './slack/requests.ts';

type Handler = (request: Request, response: Response, next: NextFunction) => void | Promise<void>;

export interface AppOptions extends HealthOptions {
  /** Any of them may have signed. None: the webhook is closed. */
  pagerDutySecrets: readonly string[];
  /** The same for Jira's. Left out: none. */
  jiraSecrets?: readonly string[] | undefined;
  /** The source `default` of events by HTTP. Left out: it is closed. */
  httpSource?: Omit<HttpSource, 'connection'> | undefined;
  /** Something has come by a source of events by HTTP. Left out: nobody waits for any. */
  heardOf?: HttpWebhookOptions['heardOf'];
  /** Left out: there is only `default`. */
  connections?: Pick<StoredConnections, 'settingsOf'> | undefined;
  slackSigningSecret?: string | undefined;
  slackApiUrl?: string | undefined;
  takeFromSlack: TakeBy;
  store: Pick<Store, 'ping' | 'backlog' | 'head' | 'idByWords'>;
  /** Where runs wait for callbacks. Left out: none does. */
  callbacks?: CallbackOptions['store'] | undefined;
  inbox: Inbox;
  /** How people sign in over an identity provider; undefined: they do not. */
  signIn?: SignInRoutes | undefined;
  /** How they sign in by a link, and out. Left out: nobody does. */
  browser?: BrowserRoutes | undefined;
  /** How a user of a provider comes back who has let Baton in. Left out: none is sent there. */
  consent?: Handler | undefined;
  /** What people see in a browser. Left out: pages that name the command. */
  console?: ConsoleFiles | undefined;
  /** The API, where this process serves it. Given the way in which all bodies are read. */
  makeApi?: ((readBody: BodyReader) => Api) | undefined;
  log: Logger;
}

/** The routes that the outside reaches. Exact paths only: what is not listed here is refused. */
export function createApp(options: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('strict routing');
  app.enable('case sensitive routing');

  const { inbox, log, metrics, heardOf } = options;
  const { idByWords } = options.store;
  const readBody = createBodyReader();
  const { slackSigningSecret, slackApiUrl, takeFromSlack } = options;
  const own = ownDoor(slackSigningSecret, slackApiUrl, takeFromSlack);
  const slack = { doorOf: () => own, readBody, log };
  const namedSlack = { doorOf: namedDoor(options.connections, takeFromSlack), readBody, log };
  const webhookOf = (source: WebhookSource, secrets: readonly string[]) => {
    const byDefault = { connection: defaultConnection, secrets };
    const connectionOf = storedConnectionOf(options.connections, source);
    return {
      own: takeWebhook(source, { connectionOf: () => byDefault, readBody, inbox, log }),
      named: takeWebhook(source, { connectionOf, readBody, inbox, log }),
    };
  };
  const pagerDuty = webhookOf(pagerDutyWebhook, options.pagerDutySecrets);
  const jira = webhookOf(jiraWebhook, options.jiraSecrets ?? []);

  const ownSource = { secrets: [], tokens: [], ...options.httpSource, connection: defaultConnection };
  const ownHttp = takeHttpEvents({ sourceOf: () => ownSource, heardOf, idByWords, readBody, inbox, log });
  const sourceOf = storedSourceOf(options.connections);
  const namedHttp = takeHttpEvents({ sourceOf, heardOf, idByWords, readBody, inbox, log });

  const { callbacks } = options;
  const callback: Handler = callbacks ? takeCallback({ store: callbacks, readBody }) : nothingHere;

  const timed =
    (source: 'pagerduty' | 'slack' | 'jira' | 'http', handler: Handler): Handler =>
    (request, response, next) => {
      const start = performance.now();
      response.once('finish', () =>
        metrics.webhook(source, response.statusCode, (performance.now() - start) / 1000),
      );
      return handler(request, response, next);
    };
  const post = (path: string, handler: Handler) => {
    app.post(path, handler);
    app.all(path, refuseMethod('POST'));
  };
  const get = (path: string, handler: Handler) => {
    app.get(path, handler);
    app.all(path, refuseMethod('GET, HEAD'));
  };

  post('/webhooks/pagerduty', timed('pagerduty', pagerDuty.own));
  post('/webhooks/pagerduty/default', timed('pagerduty', pagerDuty.own));
  app.post('/webhooks/pagerduty/:connection', timed('pagerduty', pagerDuty.named));
  post('/webhooks/jira', timed('jira', jira.own));
  post('/webhooks/jira/default', timed('jira', jira.own));
  app.post('/webhooks/jira/:connection', timed('jira', jira.named));
  post('/webhooks/http/default', timed('http', ownHttp));
  app.post('/webhooks/http/:connection', timed('http', namedHttp));
  post('/callbacks/:token', timed('http', callback));
  post('/slack/interactivity', timed('slack', takeSlackClick(slack)));
  post('/slack/interactivity/default', timed('slack', takeSlackClick(slack)));
  app.post('/slack/interactivity/:connection', timed('slack', takeSlackClick(namedSlack)));
  post('/slack/commands', timed('slack', takeSlackCommand(slack)));
  post('/slack/commands/default', timed('slack', takeSlackCommand(slack)));
  app.post('/slack/commands/:connection', timed('slack', takeSlackCommand(namedSlack)));
  post('/slack/events', timed('slack', takeSlackEvent(slack)));
  post('/slack/events/default', timed('slack', takeSlackEvent(slack)));
  app.post('/slack/events/:connection', timed('slack', takeSlackEvent(namedSlack)));
  get('/healthz', answerHealth);
  const health = { ...options, store: askedOnceASecond(options.store) };
  get('/readyz', answerReadiness(health));
  get('/metrics', answerMetrics(health));
  const { browser } = options;
  const console = options.console && consoleRoutes(options.console);
  const signIn = options.signIn ?? { begin: console?.page ?? refuseSignIn, finish: refuseSignIn };
  get('/sign-in', signIn.begin);
  get('/sign-in/callback', signIn.finish);
  if (browser) {
    get('/sign-in/ways', browser.ways);
    const page = console?.page ?? refuseSignIn;
    app.get('/sign-in/link', page);
    post('/sign-in/link', browser.useLink(readBody));
  }
  post('/sign-out', browser?.end ?? refuseSignIn);
  get('/setup/callback', options.consent ?? nothingHere);
  const api = options.makeApi?.(readBody);
  if (api) {
    get('/openapi.json', api.answerDocument);
    app.use('/api/v1', api.router);
  }
  if (console) {
    get(startPath, console.page);
    app.get('/assets/:file', console.asset);
  }
  const forPeople = (page: Handler): Handler => console?.page ?? page;
  get('/runs', forPeople(answerRunsPage));
  get(runPath, forPeople(answerRunPage));
  get('/workers/:build', forPeople(answerWorkerPage));

  app.use((request, response) => {
    if (!console?.isForPage(request)) throw noSuchRoute();
    console.page(request, response);
  });
  app.use(answerError(log));
  return app;
}

const nothingHere: Handler = () => {
  throw noSuchRoute();
};

const refuseSignIn: Handler = () => {
  throw notConfigured('BATON_OIDC_ISSUER');
};

const refuseMethod =
  (allowed: string): Handler =>
  (_, response) => {
    response.setHeader('Allow', allowed);
    throw new Refusal(405, 'Wrong method', `This address takes ${allowed} only.`);
  };

const longestHead = 16 * 1024;
const tooLongHead = new Refusal(
  431,
  'Address or headers too long',
  `The first line and the headers must not be longer than ${longestHead / 1024} KB together. Send less in them.`,
);
const notHttp = new Refusal(
  400,
  'Not HTTP',
  'The request cannot be read as HTTP/1.1. Send one that a library of HTTP has made.',
);

/** A server with bounds on how long and how large a request may be, and on how many there are, so that slow or endless ones hold no socket. */
export function createHttpServer(app: Express): Server {
  const limits = {
    maxHeaderSize: longestHead,
    headersTimeout: 9_500,
    requestTimeout: 14_500,
    // Node looks for late requests only so often, and every 30 s if not told: with this they end within 10 and 15 s.
    connectionsCheckingInterval: 500,
    keepAliveTimeout: 65_000,
  };
  const server = createServer(limits, app).on('clientError', answerClientError);
  boundConnections(server);
  return server;
}

/**
 * What is not HTTP gets the status that Node gives it, but for a request that did not arrive in time: its connection is closed without
 * a word. It may be we who were stopped or slow, and a sender takes Node's 408 for a refusal and does not come back.
 */
function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, title, message } = error.code === 'HPE_HEADER_OVERFLOW' ? tooLongHead : notHttp;
  const problem = problemText({ status, title, message });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    `Content-Type: ${problemType}`,
    `Content-Length: ${Buffer.byteLength(problem)}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${problem}`);
}
