import { z } from 'zod';
import type { Attempt } from '../activity.ts';
import { invalidInput, providerFailure } from '../failures.ts';
import { kept } from '../kept-text.ts';
import { retryAfterSeconds } from '../retry-after.ts';
import type { HttpReply } from './client.ts';
import { readUrl } from './guard.ts';

/** What all requests take. */
export const requestInput = {
  url: z.string().min(1).max(8_000),
  /** Added to what the address has already. */
  query: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  headers: z
    .record(z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/), z.string().max(4_000))
    .default({}),
  timeoutSeconds: z.number().min(1).max(10).default(10),
};

/** The statuses that are well; none given: all of 2xx. */
export const expect = z.array(z.number().int().min(100).max(599)).min(1).max(20).optional();

/** Those that carry credentials, and those that say how the connection is used. */
const notTaken =
  /^(authorization|cookie|host|connection|keep-alive|content-length|transfer-encoding|expect|te|trailer|upgrade|idempotency-key|proxy-.*|webhook-.*)$/;

/** The address with its query. Throws `InvalidInput` for an address or a header that is not taken. */
export function urlOf(text: string, query: Record<string, string | number | boolean>): URL {
  const url = readUrl(text);
  for (const [name, value] of Object.entries(query)) url.searchParams.append(name, String(value));
  return url;
}

/** The headers with their names in lower case. Credentials belong to the connection, since an input is kept in the run's history. */
export function headersOf(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      const lower = name.toLowerCase();
      if (notTaken.test(lower))
        throw invalidInput(
          'HTTP',
          `the header ${lower} is not taken; credentials belong to the connection’s settings`,
        );
      if (/[^\t\x20-\x7e\x80-\xff]/.test(value))
        throw invalidInput('HTTP', `the header ${lower} has a character that headers cannot carry`);
      return [lower, value];
    }),
  );
}

/** What an answer says, as it goes into a result. */
export const replyOutput = {
  status: z.number(),
  /** The first 30, without cookies. */
  headers: z.record(z.string(), z.string()),
  /** JSON where it is JSON, else text. */
  body: z.unknown(),
  /** True: the body was longer than 32 KiB, and is the beginning of its text; all of it is `kept`. */
  truncated: z.boolean().optional(),
  kept,
};

const mostHeaders = 30;
const mostBodyBytes = 32 * 1024;

/** Throws the failure for a status that is not expected. The address is told by its host, since a path can hold a secret. */
export async function replyOf(
  reply: HttpReply,
  expected: readonly number[] | undefined,
  { keepText }: Pick<Attempt, 'keepText'>,
) {
  const { status, headers, body, url } = reply;
  if (!isExpected(status, expected)) {
    const where =
      headers.location && status >= 300 && status < 400
        ? ' leads elsewhere, and redirects are not followed'
        : '';
    throw providerFailure(
      'HTTP',
      status,
      `${url.host}${where || ` answered ${status}`}`,
      retryAfterSeconds(headers),
    );
  }
  const shown = Object.entries(headers).filter(([name]) => !/^set-cookie2?$/.test(name));
  const text = textOf(body);
  const isCut = body.length > mostBodyBytes;
  const title = `Answer of ${url.host}`;
  return {
    status,
    headers: Object.fromEntries(
      shown.slice(0, mostHeaders).map(([name, value]) => [name, value.slice(0, 1_000)]),
    ),
    body: isCut ? text : (jsonIn(text) ?? text),
    ...(isCut ? { truncated: true, ...(await keepText({ title, text: body.toString() })) } : {}),
  };
}

export const isExpected = (status: number, expected: readonly number[] | undefined): boolean =>
  expected?.includes(status) ?? (status >= 200 && status < 300);

const textOf = (body: Buffer) =>
  body.length <= mostBodyBytes
    ? body.toString()
    : body
        .subarray(0, mostBodyBytes)
        .toString()
        .replace(/\uFFFD+$/, '');

/** Undefined where it is none, or lies deeper than what reads the result can follow. */
function jsonIn(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isShallow(value, 64) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isShallow = (value: unknown, depth: number): boolean =>
  typeof value !== 'object' || value === null
    ? true
    : depth > 0 && Object.values(value).every((each) => isShallow(each, depth - 1));
