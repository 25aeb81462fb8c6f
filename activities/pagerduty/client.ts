import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Bucket } from '../../domain/budget.ts';
import type { Actor } from '../activity.ts';
import { withoutSlashAtEnd } from '../address.ts';
import type { Budget } from '../budget.ts';
import { notConnected, refused, unreachable } from '../failures.ts';
import { type HttpRequest, NoAnswer, sendHttp, wayTo } from '../http.ts';
import type { Renew } from '../provider.ts';
import { retryAfterSeconds } from '../retry-after.ts';
import { timeScaleOf } from '../time-scale.ts';
import { type Access, accessBy } from './access.ts';
import { type AlertSettings, alertSettings } from './alert-defaults.ts';
import { type Identity, identityOf } from './identity.ts';
import type { PagerDutySettings } from './provider.ts';

/** What PagerDuty answered, read as far as it can be without knowing what was asked. */
export interface Answer {
  status: number;
  /** Undefined where the body is not JSON (a proxy's HTML, a cut body). */
  body: unknown;
  /** PagerDuty's own words for an error, without our secrets. */
  reason: string;
  /** PagerDuty's number for an error, for instance 1001, "Incident Already Resolved". */
  code?: number;
  /** From `Retry-After`, which gateways send; where the limit is used up, from PagerDuty's own `ratelimit-reset`. */
  retryAfterSeconds?: number;
  /** When it answered, by its own clock, where it says so. ISO 8601. */
  answeredAt?: string;
}

export type Query = Record<string, string | readonly string[] | undefined>;

export interface Write {
  body: unknown;
  actor?: Actor | undefined;
  signal: AbortSignal;
}

/** One PagerDuty account. Every status is an answer; an answer that does not come is `ProviderUnavailable`. */
export interface PagerDuty {
  get(path: string, query: Query, signal: AbortSignal): Promise<Answer>;
  /** For what is asked for again and again: it leaves four fifths of the token's requests to all else. */
  getAtLeisure(path: string, query: Query, signal: AbortSignal): Promise<Answer>;
  put(path: string, write: Write): Promise<Answer>;
  post(path: string, write: Write): Promise<Answer>;
  /** For what PagerDuty asks nobody's name for; some of it has no body. */
  postUnsigned(path: string, signal: AbortSignal, body?: unknown): Promise<Answer>;
  delete(path: string, signal: AbortSignal): Promise<Answer>;
  /** What the app may do by which the account is reached. Undefined: it is reached by a token, of which nobody tells. */
  scopes(): Promise<readonly string[] | undefined>;
  /** Where apps get their tokens. */
  identity: Identity;
  /** The e-mail of the person who acts, else the configured one: what a write is made as. */
  from(actor?: Actor): string;
  /** Sends to the Events API; the routing key is added: the connection's, where no other is given. */
  enqueue(
    path: '/v2/enqueue' | '/v2/change/enqueue',
    event: object,
    signal: AbortSignal,
    routingKey?: string,
  ): Promise<Answer>;
  /** Keys of rulesets and orchestrations begin with R and take no change events. */
  routesToService(): boolean;
  /** How alerts are worded that leave it to the connection. */
  alerts: AlertSettings;
  /** Where people find Baton, for links from alerts. */
  publicUrl: string | undefined;
  /** Where they find its sources. */
  repositoryUrl: string | undefined;
  /** How much faster time passes where it is simulated. */
  timeScale: number;
}

/**
 * The client for these settings. Each call asks for those that it needs, so that an account with a routing key alone can raise alerts.
 * Missing → `NotConnected` with the setting's name.
 */
export async function connectPagerDuty(
  settings: PagerDutySettings,
  env: NodeJS.ProcessEnv,
  connection: string,
  budget: Budget,
  renew?: Renew,
): Promise<PagerDuty> {
  const { api, events } = hosts(settings);
  const identity = identityOf(settings, env, connection);
  let known: Access | undefined;
  /** Undefined settings are said when the API is called: without them alerts can be raised. */
  const access = () => {
    known ??= accessBy(settings, identity, connection, renew);
    return known;
  };
  const required = (name: 'PAGERDUTY_FROM_EMAIL' | 'PAGERDUTY_ROUTING_KEY') => {
    const value = settings[name];
    if (!value) throw notConnected('PagerDuty', name, connection);
    return value;
  };
  const secrets = [settings.PAGERDUTY_API_TOKEN, settings.PAGERDUTY_ROUTING_KEY].filter(
    (secret) => secret !== undefined,
  );
  const timeScale = timeScaleOf(api, env);
  /** Several connections may hold one token, or one key. */
  const waitForTurn = async (secret: string, { perSecond, most }: Bucket, signal: AbortSignal, share = '') =>
    budget.spend(
      'PagerDuty',
      `pagerduty/${digestOf(secret)}${share}`,
      { perSecond: perSecond * timeScale, most },
      signal,
    );
  const send = async (request: Omit<HttpRequest, 'way'>, also: readonly string[] = []): Promise<Answer> => {
    const way = wayTo(request.url, env);
    const answer = await sendHttp({ ...request, way }).catch((error: unknown) => {
      throw error instanceof NoAnswer ? unreachable('PagerDuty', error.message) : error;
    });
    return readAnswer(answer, [...secrets, ...also]);
  };
  /** A refused token has done nothing, so the same request goes once more where there is another one. */
  const sendRest = async ({ path, more = {}, ...request }: RestRequest): Promise<Answer> => {
    const { header, instead, counted } = access();
    await waitForTurn(counted, ofToken, request.signal);
    const sendAs = async (authorization: string) => {
      const headers = { authorization, ...restHeaders, ...more };
      return send({ ...request, url: api + path, headers }, [authorization.replace(/^\w+ (token=)?/, '')]);
    };
    const first = await header();
    const answer = await sendAs(first);
    const other = answer.status === 401 ? await instead(first) : undefined;
    return other === undefined ? answer : sendAs(other);
  };
  const from = (actor?: Actor) => {
    if (actor?.kind !== 'person') return required('PAGERDUTY_FROM_EMAIL');
    // Never in Baton's own name instead: it may do what the person may not.
    if (!actor.email)
      throw refused('PagerDuty', `no e-mail address of ${actor.name}, who asked for it, is known`);
    return actor.email;
  };
  const write =
    (method: 'PUT' | 'POST') =>
    (path: string, { body, actor, signal }: Write) => {
      // Who may not call at all is told so first.
      access();
      return sendRest({ method, path, more: { from: from(actor) }, body: JSON.stringify(body), signal });
    };
  const get = (path: string, query: Query, signal: AbortSignal) =>
    sendRest({ method: 'GET', path: path + queryString(query), signal });

  return {
    get,
    async getAtLeisure(path, query, signal) {
      await waitForTurn(access().counted, atLeisure, signal, '/leisure');
      return get(path, query, signal);
    },
    put: write('PUT'),
    post: write('POST'),
    postUnsigned: (path, signal, body) =>
      sendRest({
        method: 'POST',
        path,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal,
      }),
    delete: (path, signal) => sendRest({ method: 'DELETE', path, signal }),
    scopes: async () => access().scopes(),
    identity,
    from,
    enqueue: async (path, event, signal, key = required('PAGERDUTY_ROUTING_KEY')) => {
      await waitForTurn(key, ofRoutingKey, signal);
      const body = JSON.stringify({ routing_key: key, ...event });
      return send({
        method: 'POST',
        url: events + path,
        headers: { 'content-type': 'application/json' },
        body,
        signal,
      });
    },
    routesToService: () => !required('PAGERDUTY_ROUTING_KEY').startsWith('R'),
    alerts: z.object(alertSettings).parse(settings),
    publicUrl: env.BATON_PUBLIC_URL || undefined,
    repositoryUrl: env.BATON_REPOSITORY_URL || undefined,
    timeScale: timeScaleOf(api, env),
  };
}

/** A request to the REST API. */
interface RestRequest extends Omit<HttpRequest, 'way' | 'url' | 'headers'> {
  path: string;
  /** Headers beside those that every request has. */
  more?: Record<string, string>;
}

const restHeaders = {
  accept: 'application/vnd.pagerduty+json;version=2',
  'content-type': 'application/json',
};

/** PagerDuty takes 960 requests a minute by one token, or by one app; four fifths of them are ours. https://developer.pagerduty.com/docs/rest-api-rate-limits */
const ofToken: Bucket = { perSecond: 6.4, most: 384 };
/** A fifth of what PagerDuty takes: 192 in any minute. */
const atLeisure: Bucket = { perSecond: 2.4, most: 48 };
/** And 120 events a minute by one key. https://developer.pagerduty.com/docs/events-api-v2-overview */
const ofRoutingKey: Bucket = { perSecond: 0.8, most: 48 };

/** Names a secret and does not tell it. */
const digestOf = (secret: string) => createHash('sha256').update(secret).digest('base64url').slice(0, 16);

/** https://developer.pagerduty.com/docs/rest-api-overview: the regions' addresses. Given ones come first. */
function hosts({ PAGERDUTY_REGION, PAGERDUTY_API_URL, PAGERDUTY_EVENTS_URL }: PagerDutySettings) {
  const infix = PAGERDUTY_REGION === 'eu' ? '.eu' : '';
  return {
    api: withoutSlashAtEnd(PAGERDUTY_API_URL ?? `https://api${infix}.pagerduty.com`),
    events: withoutSlashAtEnd(PAGERDUTY_EVENTS_URL ?? `https://events${infix}.pagerduty.com`),
  };
}

/** Lists repeat their name with brackets: `statuses[]=triggered&statuses[]=acknowledged`. */
function queryString(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    for (const each of value === undefined ? [] : [value].flat()) parameters.append(name, each);
  return parameters.size === 0 ? '' : `?${parameters}`;
}

/** REST wraps an error (`{error: {message, code, errors}}`), the Events API does not (`{status, message, errors}`). */
const errorText = z.object({
  message: z.string().optional().catch(undefined),
  code: z.number().optional().catch(undefined),
  errors: z
    .union([z.array(z.string()), z.string()])
    .optional()
    .catch(undefined),
});
const restError = z.object({ error: errorText });

function readAnswer(
  { status, headers, text }: { status: number; headers: Record<string, string>; text: string },
  secrets: readonly string[],
): Answer {
  const body = parseJson(text);
  const { message, code, errors } =
    restError.safeParse(body).data?.error ?? errorText.safeParse(body).data ?? {};
  const words = [message, ...[errors ?? []].flat()].filter((word) => word !== undefined).join(': ');
  const wait = retryAfterSeconds(headers) ?? (status === 429 ? resetOf(headers) : undefined);
  return {
    status,
    body,
    reason: withoutSecrets(words || plainReason(headers, text) || `status ${status}`, secrets).slice(0, 300),
    ...(code === undefined ? {} : { code }),
    ...(wait === undefined ? {} : { retryAfterSeconds: Math.max(wait, 1) }),
    ...answeredAt(headers),
  };
}

function answeredAt({ date = '' }: Record<string, string>): { answeredAt?: string } {
  const time = Date.parse(date);
  return Number.isNaN(time) ? {} : { answeredAt: new Date(time).toISOString() };
}

/** Seconds until the limit begins anew. It comes with every answer, so it counts only where the limit is used up. */
function resetOf(headers: Record<string, string>): number | undefined {
  const reset = Number(headers['ratelimit-reset'] || Number.NaN);
  return Number.isFinite(reset) && reset >= 0 ? reset : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The Events API says some things in plain text ("Invalid routing key"). HTML is a proxy's and tells nothing. */
function plainReason(headers: Record<string, string>, text: string): string {
  return headers['content-type']?.startsWith('text/plain') ? text.trim() : '';
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .flatMap(formsOf)
    .sort((one, other) => other.length - one.length)
    .reduce((clean, form) => (form ? clean.replaceAll(form, '…') : clean), text);
}

/** A secret as answers repeat it: as it is, as a URL has it, and without the padding of its base64. */
function formsOf(secret: string): string[] {
  const inUrl = encodeURIComponent(secret.toWellFormed());
  const inSmall = inUrl.replaceAll(/%../g, (byte) => byte.toLowerCase());
  return [secret, inUrl, inSmall].flatMap((form) => [form, form.replace(/(?:=|%3d){1,2}$/i, '')]);
}
