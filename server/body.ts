import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';

/** A request that is refused: what is wrong with it, why that matters, what to do. Answered as problem+json (RFC 9457). */
export class Refusal extends Error {
  readonly status: number;
  readonly title: string;
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, title: string, detail: string, retryAfterSeconds?: number) {
    super(detail);
    this.status = status;
    this.title = title;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** PagerDuty sends at most 256 KB. */
export const longestBody = 512 * 1024;
/** `JSON.parse` takes a nesting of 100 000, and what walks the result then overflows. */
const deepestNesting = 64;

/** Refuses what is not of this media type, or is compressed: the signature covers the bytes as sent. */
export function checkContentType(request: IncomingMessage, expected: string): void {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== expected)
    throw new Refusal(415, 'Unsupported media type', `The body must be ${expected}. Send that Content-Type.`);
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
    throw new Refusal(
      415,
      'Unsupported encoding',
      'The body must not be compressed. Send it without Content-Encoding.',
    );
}

const tooLong = () =>
  new Refusal(
    413,
    'Body too long',
    `The body must not be longer than ${longestBody / 1024} KB. Send less in one event.`,
  );

/** Refuses a declared length over the limit, before a byte of it is read. */
export function checkLength(request: IncomingMessage): void {
  if (Number(request.headers['content-length'] ?? 0) > longestBody) throw tooLong();
}

/** The bytes as they came. One that grows over the limit is refused at that byte. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  checkLength(request);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > longestBody) {
        request.pause();
        reject(tooLong());
      } else chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks, length)));
    request.on('error', () => reject(new Refusal(400, 'Body cut', 'The body ended early. Send it again.')));
    request.on('close', () => reject(new Refusal(400, 'Body cut', 'The body ended early. Send it again.')));
  });
}

/** Reads JSON out of verified bytes: UTF-8 without a byte order mark, not nested too deep. */
export function parseJson(body: Uint8Array): unknown {
  if (!isUtf8(body)) throw new Refusal(400, 'Not UTF-8', 'The body is not valid UTF-8. Send JSON in UTF-8.');
  return parseJsonText(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
}

export function parseJsonText(text: string): unknown {
  if (isDeeperThan(text, deepestNesting))
    throw new Refusal(
      400,
      'Nested too deep',
      `The JSON is nested deeper than ${deepestNesting} levels. Send it flatter.`,
    );
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, 'Not JSON', 'The body is not valid JSON. Send one JSON object.');
  }
}

/** Counts brackets outside of strings, on the text: parsing first would be too late. */
function isDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (isInString) {
      if (code === backslash) index += 1;
      else if (code === quote) isInString = false;
    } else if (code === quote) isInString = true;
    else if (code === openBrace || code === openBracket) {
      depth += 1;
      if (depth > limit) return true;
    } else if (code === closeBrace || code === closeBracket) depth -= 1;
  }
  return false;
}

const [quote, backslash] = [0x22, 0x5c];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];
