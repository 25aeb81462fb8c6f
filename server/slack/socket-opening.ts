import type { FetchFunction } from '@slack/web-api';
import { type Dispatcher, request } from 'undici';
import { z } from 'zod';
import { boundedSignal } from '../../domain/bounded-signal.ts';
import { tokenRefusals } from '../../domain/slack-token.ts';
import { isPrivate } from '../address.ts';

const timeoutMs = 10_000;
/** Where Slack's no to a rate does not say for how long. */
const waitWithoutWord = 30;
const waitAtMost = 600;

/** Slack gave no connection, and why: words of ours, without addresses. */
export class NotOpened extends Error {
  /** Slack named how long to wait. */
  readonly waitSeconds: number | undefined;

  constructor(reason: string, waitSeconds?: number) {
    super(reason);
    this.waitSeconds = waitSeconds;
  }
}

/** How the SDK asks for a connection: bounded in time, ended by the signal. Any status but 200 is a `NotOpened`. */
export const openingFetch =
  (way: Dispatcher, signal: AbortSignal): FetchFunction =>
  async (url, init) => {
    const { statusCode, headers, body } = await request(String(url), {
      method: 'POST',
      headers: Object.fromEntries(new Headers(init?.headers)),
      body: String(init?.body ?? ''),
      dispatcher: way,
      signal: boundedSignal(signal, timeoutMs),
    });
    const text = await body.text();
    if (statusCode === 200) return new Response(text);
    if (statusCode !== 429) throw new NotOpened(`Slack answered ${statusCode}`);
    const seconds = Number(headers['retry-after'] ?? waitWithoutWord);
    throw new NotOpened(
      'Slack limits the rate',
      Number.isFinite(seconds) ? Math.min(Math.max(seconds, 1), waitAtMost) : waitWithoutWord,
    );
  };

/**
 * Throws `NotOpened` where the address that was handed out is not Slack's: whatever stands behind another one would get what people do
 * here, and could say what they did. With another Web API than Slack's own, as of a simulator, only its own host is right.
 */
export function checkSocketAddress(url: string, api: URL): void {
  if (!URL.canParse(url) || !isSlacksSocket(new URL(url), api))
    throw new NotOpened('it named an address that is not Slack’s, to which nothing was sent');
}

const slackHost = /(^|\.)slack(-gov)?\.com$/;

export function isSlacksSocket(address: URL, api: URL): boolean {
  if (slackHost.test(api.hostname))
    return address.protocol === 'wss:' && address.port === '' && slackHost.test(address.hostname);
  const http = new URL(address.href.replace(/^ws/, 'http'));
  return address.protocol.startsWith('ws') && http.origin === api.origin && isPrivate(http);
}

/** The SDK's errors, told apart by their `code`. What else is in them can hold addresses and tokens. */
const sdkError = z.discriminatedUnion('code', [
  z.object({ code: z.literal('slack_webapi_platform_error'), data: z.object({ error: z.string() }) }),
  z.object({ code: z.literal('slack_webapi_request_error'), original: z.unknown() }),
]);
const networkError = z.object({ code: z.string().regex(/^[A-Z_]{1,40}$/) });

/** Why the SDK's `start` failed. It rejects with nothing where the socket closed. Any other error is handed back: a bug stays a bug. */
export function openingFailure(error: unknown): unknown {
  if (error === undefined) return new NotOpened('the connection ended before Slack greeted');
  const known = sdkError.safeParse(error).data;
  switch (known?.code) {
    case 'slack_webapi_platform_error':
      return new NotOpened(wordsFor(known.data.error));
    case 'slack_webapi_request_error': {
      if (known.original instanceof NotOpened) return known.original;
      const network = networkError.safeParse(known.original).data;
      return new NotOpened(`Slack cannot be reached${network ? ` (${network.code})` : ''}`);
    }
    default:
      return error;
  }
}

function wordsFor(refusal: string): string {
  if (!/^[a-z_]{1,60}$/.test(refusal)) return 'Slack’s answer cannot be read';
  return tokenRefusals.includes(refusal)
    ? `Slack refused SLACK_APP_TOKEN (${refusal}): it must be an app-level token (xapp-…) with the scope connections:write`
    : `Slack refused it (${refusal})`;
}
