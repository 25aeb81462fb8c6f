import { Agent, type Dispatcher, ProxyAgent, request } from 'undici';
import { boundedSignal } from '../domain/bounded-signal.ts';
import { proxyFor } from './proxy.ts';

const timeoutMs = 10_000;
const maxBodyBytes = 5 * 1024 * 1024;

const bounds = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs, maxResponseSize: maxBodyBytes };

/** Pools connections per address; idle ones do not keep the process alive. */
const direct = new Agent({ connect: { timeout: timeoutMs }, ...bounds });
const proxied = new Map<string, ProxyAgent>();

/** By which way `baseUrl` is reached with these settings: straight, or through the network's proxy. */
export function wayTo(baseUrl: string, env: NodeJS.ProcessEnv): Dispatcher {
  const uri = proxyFor(baseUrl, env);
  if (uri === undefined) return direct;
  const known = proxied.get(uri);
  if (known) return known;
  const timeout = { timeout: timeoutMs };
  const agent = new ProxyAgent({ uri, proxyTls: timeout, requestTls: timeout, connect: timeout, ...bounds });
  proxied.set(uri, agent);
  return agent;
}

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
  headers: Record<string, string>;
  body?: string;
  /** From `wayTo`. */
  way: Dispatcher;
  /** Ends the call when the attempt is over. */
  signal: AbortSignal;
}

export interface HttpAnswer {
  status: number;
  /** Names in lower case; a repeated header is joined with commas. */
  headers: Record<string, string>;
  text: string;
}

/** No whole answer came. The message is one of ours, so that it holds no address and no header. */
export class NoAnswer extends Error {}

/** A whole answer came, and says nothing that can be read. */
export class Unreadable extends Error {}

/**
 * One HTTP call: no retries, no redirects, 10 s in all, an answer of at most 5 MB. Every status is an answer.
 * Throws `NoAnswer` when none came (it may have been acted on), and the signal's own reason when that ended the call.
 */
export async function sendHttp({
  method,
  url,
  headers,
  body,
  way,
  signal,
}: HttpRequest): Promise<HttpAnswer> {
  const bounded = boundedSignal(signal, timeoutMs);
  try {
    const answer = await request(url, {
      method,
      headers,
      body: body ?? null,
      signal: bounded,
      dispatcher: way,
    });
    return { status: answer.statusCode, headers: joined(answer.headers), text: await answer.body.text() };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (bounded.aborted) throw new NoAnswer(`no answer within ${timeoutMs / 1000} s`);
    throw new NoAnswer(reasonOf(error));
  }
}

function joined(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const pairs = Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')]);
  return Object.fromEntries(pairs);
}

/** Error codes are short words such as ECONNREFUSED; messages can hold the address, so they are left out. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') return 'its answer is larger than 5 MB';
  if (
    code === 'UND_ERR_HEADERS_TIMEOUT' ||
    code === 'UND_ERR_BODY_TIMEOUT' ||
    code === 'UND_ERR_CONNECT_TIMEOUT'
  )
    return `no answer within ${timeoutMs / 1000} s`;
  return `the connection failed (${code})`;
}
