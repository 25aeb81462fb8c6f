import type { FetchFunction } from '@slack/web-api';
import { NoAnswer, sendHttp } from '../http.ts';

const waitWithoutWord = 30;

/**
 * How the SDK's calls go out: bounded in time and size, ended by the attempt's signal. The SDK takes a text that is no
 * JSON for the name of an error, and gives up on a 429 without whole seconds to wait, so both are settled here.
 */
export function transport(signal: AbortSignal): FetchFunction {
  return async (url, init) => {
    const { status, headers, text } = await sendHttp({
      method: 'POST',
      url: String(url),
      headers: Object.fromEntries(new Headers(init?.headers)),
      body: String(init?.body ?? ''),
      signal,
    });
    if (status === 200 && !isJsonObject(text)) throw new NoAnswer('its answer cannot be read');
    const wait = status === 429 ? { 'retry-after': String(secondsToWait(headers['retry-after'])) } : {};
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

/** `Retry-After` is a number of seconds or a date. https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 */
function secondsToWait(header: string | undefined): number {
  if (header === undefined) return waitWithoutWord;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(1, Math.ceil(seconds)) : waitWithoutWord;
}
