import type { FetchFunction } from '@slack/web-api';
import { type HttpRequest, sendHttp, Unreadable } from '../http.ts';
import { retryAfterSeconds } from '../retry-after.ts';
import type { Turns } from './turns.ts';

const waitWithoutWord = 30;

/**
 * How the SDK's calls go out: bounded in time and size, ended by the attempt's signal. The SDK takes a text that is no
 * JSON for the name of an error, and gives up on a 429 without whole seconds to wait, so both are settled here. Each call waits for its
 * turn.
 */
export function transport(signal: AbortSignal, way: HttpRequest['way'], turns: Turns): FetchFunction {
  return async (url, init) => {
    const form = new URLSearchParams(String(init?.body ?? ''));
    const method = String(url).split('/').at(-1) ?? '';
    await turns.wait(method, form.get('channel'), signal);
    const { status, headers, text } = await sendHttp({
      method: 'POST',
      url: String(url),
      headers: Object.fromEntries(new Headers(init?.headers)),
      body: String(init?.body ?? ''),
      way,
      signal,
    });
    if (status === 200 && !isJsonObject(text)) throw new Unreadable();
    const seconds = secondsToWait(headers);
    if (status === 429) turns.limited(method, seconds);
    const wait = status === 429 ? { 'retry-after': String(seconds) } : {};
    return new Response([204, 205, 304].includes(status) ? null : text, {
      status,
      headers: { ...headers, ...wait },
    });
  };
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** Whole seconds, as the SDK takes no others. */
function secondsToWait(headers: Record<string, string>): number {
  return Math.max(1, Math.ceil(retryAfterSeconds(headers) ?? waitWithoutWord));
}
