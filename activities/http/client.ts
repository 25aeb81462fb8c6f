import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { Agent, type Dispatcher, ProxyAgent, request as send } from 'undici';
import { boundedSignal } from '../../domain/bounded-signal.ts';
import type { Sending, SendingAnswer } from '../../domain/subscription.ts';
import { invalidInput, notYet, unreachable } from '../failures.ts';
import { isDirect } from '../no-proxy.ts';
import { proxyFor } from '../proxy.ts';
import { type AllowedHosts, portOf } from './allowed.ts';
import { addressesFor, guardedConnector, type Lookup, NotAllowed, readUrl } from './guard.ts';
import { type Subscriber, sendToSubscriber, signatureHeaders } from './subscriber.ts';

export interface Exchange {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: URL;
  headers: Record<string, string>;
  body?: string | undefined;
  /** How many redirects are followed: 0 for none. */
  redirects: number;
  timeoutSeconds: number;
  /** The effect's key, by which a receiver of signed requests tells a repeat. */
  key: string;
  signal: AbortSignal;
}

export interface HttpReply {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  /** As it was before it was compressed. */
  body: Buffer;
  /** Where the answer came from: another one than asked for after a redirect. */
  url: URL;
}

/** Requests to any address that the connection allows. */
export interface HttpConnection {
  /**
   * One request and the whole answer, of any status. Throws `InvalidInput` for an address that is not allowed, and `ProviderUnavailable`
   * where no answer came: with the effect `none` where the other side could not be reached at all.
   */
  exchange(exchange: Exchange): Promise<HttpReply>;
  /** One attempt at telling its subscriber. The status may be any; rejects as `exchange` does. */
  tellSubscriber(sending: Omit<Sending, 'connection'>, signal: AbortSignal): Promise<SendingAnswer>;
}

export interface HttpOptions {
  allowed: AllowedHosts;
  /** The origins that get the secrets. */
  origins: readonly string[];
  bearerToken: string | undefined;
  hmacSecret: string | undefined;
  /** The connection's own. */
  proxyUrl: string | undefined;
  lookup: Lookup;
  /** Left out: nobody is told of anything by it. */
  subscriber?: Subscriber | undefined;
}

const maxBodyBytes = 5 * 1024 * 1024;
const timeoutMs = 10_000;
const bounds = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs, maxResponseSize: maxBodyBytes };

/**
 * With a proxy it is the proxy that looks a name up and dials. What can be known here is checked all the same: literals, and where the
 * name leads to as seen from here. What it leads to as seen from the proxy cannot be known, so a proxy for this is to refuse private
 * addresses itself.
 */
export function connectHttp(options: HttpOptions, env: NodeJS.ProcessEnv): HttpConnection {
  const { allowed, lookup } = options;
  const direct = new Agent({ ...bounds, connect: guardedConnector(allowed, lookup, timeoutMs) });
  const proxied = new Map<string, ProxyAgent>();
  const wayTo = async (url: URL): Promise<Dispatcher> => {
    const uri = proxyOf(url, options.proxyUrl, env);
    if (uri === undefined) return direct;
    await checkAhead(url, allowed, lookup);
    const known = proxied.get(uri) ?? new ProxyAgent({ uri, ...bounds, connectTimeout: timeoutMs });
    proxied.set(uri, known);
    return known;
  };

  const once = async (exchange: Exchange, isLed: boolean, bounded: AbortSignal): Promise<HttpReply> => {
    const { method, url, headers, body, signal } = exchange;
    try {
      const answer = await send(url, {
        method,
        headers: {
          'user-agent': 'baton',
          'accept-encoding': 'identity',
          ...headers,
          ...(isLed ? {} : secretHeaders(options, exchange)),
        },
        body: body ?? null,
        // Each request is dialled, and so checked, anew; and none meets a connection that the other side has just given up.
        reset: true,
        signal: bounded,
        dispatcher: await wayTo(url),
      });
      const read = Buffer.from(await answer.body.arrayBuffer());
      const joined = Object.entries(answer.headers).map(([name, value]) => [name, [value].flat().join(', ')]);
      const replyHeaders: Record<string, string> = Object.fromEntries(joined);
      const content = method === 'HEAD' ? read : await decoded(read, replyHeaders['content-encoding']);
      return { status: answer.statusCode, headers: replyHeaders, body: content, url };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (bounded.aborted)
        throw unreachable('HTTP', `${url.host} gave no answer within ${exchange.timeoutSeconds} s`);
      throw failureOf(error, url);
    }
  };

  const connection: HttpConnection = {
    tellSubscriber: (sending, signal) =>
      sendToSubscriber(options.subscriber ?? nobody, sending, connection.exchange, signal),
    async exchange(exchange) {
      const bounded = boundedSignal(exchange.signal, exchange.timeoutSeconds * 1000);
      let current = exchange;
      // By an origin that the secrets are not for: what it leads to is not asked in our name.
      let isLed = false;
      for (;;) {
        const reply = await once(current, isLed, bounded);
        const next = exchange.redirects === 0 ? undefined : redirectOf(reply);
        if (next === undefined) return reply;
        if (current.redirects === 0)
          throw invalidInput(
            'HTTP',
            `${exchange.url.host} leads from one address to the next, more than ${exchange.redirects} times`,
          );
        // What was meant for one origin is not told to another one: its headers may be credentials.
        const headers = next.origin === current.url.origin ? current.headers : {};
        isLed ||= !options.origins.includes(current.url.origin);
        current = { ...current, url: next, headers, redirects: current.redirects - 1 };
      }
    },
  };
  return connection;
}

const nobody: Subscriber = { url: undefined, headers: {}, secrets: [] };

/** Where a redirect leads; the same rules hold for it as for an address that is given. */
function redirectOf({ status, headers, url }: HttpReply): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(status) || !headers.location) return undefined;
  return readUrl(URL.parse(headers.location, url.href)?.href ?? '');
}

/** The connection's own proxy, else the process's; undefined: straight. */
function proxyOf(url: URL, own: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  if (own === undefined) return proxyFor(url.href, env);
  return isDirect(url.hostname, portOf(url), env.no_proxy || env.NO_PROXY || '') ? undefined : own;
}

/** A name that is not known here may be known to the proxy. */
async function checkAhead(url: URL, allowed: AllowedHosts, lookup: Lookup): Promise<void> {
  await addressesFor(url, allowed, (name) => lookup(name).catch(() => []));
}

/**
 * The secrets, for the origins that they are for. Signed as https://www.standardwebhooks.com has it: HMAC-SHA256 over id, time and body.
 */
function secretHeaders(
  { origins, bearerToken, hmacSecret }: HttpOptions,
  { url, key, headers, body = '' }: Exchange,
): Record<string, string> {
  if (!origins.includes(url.origin)) return {};
  const bearer =
    bearerToken === undefined || 'authorization' in headers ? {} : { authorization: `Bearer ${bearerToken}` };
  // What goes to a subscriber is signed for it.
  if (hmacSecret === undefined || 'webhook-signature' in headers) return bearer;
  return { ...bearer, ...signatureHeaders(encodeURIComponent(key), body, [hmacSecret]) };
}

class TooLarge extends Error {}

const decoders: Record<string, (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

/** Some compress although they are asked not to. A few bytes can stand for many, so the limit holds for those too. */
async function decoded(bytes: Buffer, encoding = 'identity'): Promise<Buffer> {
  const decode = decoders[encoding.trim().toLowerCase()];
  if (!decode || bytes.length === 0) return bytes;
  return decode(bytes, { maxOutputLength: maxBodyBytes }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_BUFFER_TOO_LARGE') throw new TooLarge();
    throw error;
  });
}

/** Codes of errors that come before anything was sent. */
const notReached = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
];

/** Messages can hold the whole address, with secrets in its path; codes are short words. */
function failureOf(error: unknown, { host }: URL) {
  if (error instanceof NotAllowed) return invalidInput('HTTP', error.message);
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  if (error instanceof TooLarge || code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE')
    return unreachable('HTTP', `the answer of ${host} is larger than 5 MB`);
  if (code === undefined) return error;
  if (notReached.includes(code)) return notYet('HTTP', `${host} cannot be reached (${code})`, 1);
  return unreachable('HTTP', `the connection to ${host} failed (${code})`);
}
