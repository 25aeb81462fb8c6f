import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Held, peerOf, whoGivesWay } from '../peers.ts';
import { Refusal } from '../refusal.ts';

/** PagerDuty sends at most 256 KB. */
export const longestBody = 512 * 1024;
/** A body of up to this size has room whatever others send; nearly all are. The number of connections bounds them together. */
const ownRoom = 64 * 1024;
/** What the rest of the longer ones may hold together: nothing of it is verified yet. */
const sharedRoom = 64 * 1024 * 1024;
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

export type BodyReader = (request: IncomingMessage) => Promise<Buffer>;

interface Reading extends Held {
  giveWay(): void;
}

/**
 * Reads the bytes of a request as they came. A body that grows over the limit is refused at that byte, and the rest of it is
 * thrown away as it comes: a connection that is closed with unread bytes is reset, and its sender may never see the answer.
 */
export function createBodyReader(): BodyReader {
  /** Those that use the shared room, the oldest first. */
  const readings = new Set<Reading>();
  let shared = 0;

  /** Room for the long body `own`. It may be the one that gives way. */
  function makeRoom(own: Reading, bytes: number): void {
    own.amount += bytes;
    shared += bytes;
    readings.add(own);
    while (shared > sharedRoom) whoGivesWay(readings)?.giveWay();
  }
  function free(own: Reading): void {
    shared -= own.amount;
    own.amount = 0;
    readings.delete(own);
  }

  return async (request) => {
    checkLength(request);
    let chunks: Buffer[] = [];
    let length = 0;
    const own: Reading = { peer: peerOf(request.socket), amount: 0, giveWay() {} };
    try {
      return await new Promise<Buffer>((resolve, reject) => {
        const cut = () => reject(new Refusal(400, 'Body cut', 'The body ended early. Send it again.'));
        let refused = false;
        const refuse = (refusal: Refusal) => {
          refused = true;
          chunks = [];
          free(own);
          reject(refusal);
        };
        own.giveWay = () =>
          refuse(new Refusal(503, 'Too busy', 'Too much is being received. Send it again.', 1));
        request.on('data', (chunk: Buffer) => {
          if (refused) return;
          length += chunk.length;
          if (length > longestBody) return refuse(tooLong());
          chunks.push(chunk);
          if (length > ownRoom) makeRoom(own, length - ownRoom - own.amount);
        });
        request.on('end', () => resolve(Buffer.concat(chunks, length)));
        request.on('error', cut);
        request.on('close', cut);
      });
    } finally {
      free(own);
    }
  };
}

/** Reads JSON out of verified bytes: UTF-8 without a byte order mark, not nested too deep. */
export function parseJson(body: Uint8Array): unknown {
  if (!isUtf8(body)) throw new Refusal(400, 'Not UTF-8', 'The body is not valid UTF-8. Send JSON in UTF-8.');
  return parseJsonText(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
}

/** The same of a text, such as a field of a form. */
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

/** JSON, and an object: `null`, a list or a number is no event. */
export function parseJsonObject(body: Uint8Array): object {
  const json = parseJson(body);
  if (json === null || typeof json !== 'object' || Array.isArray(json))
    throw new Refusal(400, 'Not an object', 'The body is JSON, but not an object. Send one JSON object.');
  return json;
}

/** Stands for the id of an event that has none. */
export const digestOf = (body: Uint8Array) => `sha256:${createHash('sha256').update(body).digest('hex')}`;

/** A header as one text. Node joins a repeated one. */
export function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}

const [quote, backslash] = [0x22, 0x5c];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

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
