import { createHash } from 'node:crypto';
import type { Scrub } from '../secrets/scrub.ts';
import { nameOf } from '../secrets/secret-names.ts';

/** No event that was read has more than 64 levels; what lies deeper than this would overflow a parser's stack. */
const maxDepth = 128;
/** In characters. Three bytes each at most, and two of them must fit into one index row (2 704 bytes). */
const maxKeyLength = 300;

/** Text as PostgreSQL takes it: it refuses NUL, and in `jsonb` lone surrogates too. */
export function cleanText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

/**
 * JSON text that is given back to the letter. What PostgreSQL takes in no text (NUL, lone surrogates) is escaped in it. Null for
 * what JSON has no word for.
 */
export const exactJson = (value: unknown): string | null => JSON.stringify(value) ?? null;

/** Text that is looked up by: clean, and its hash instead where it is too long for an index. */
export function keyText(text: string): string {
  if (text.length <= maxKeyLength) return cleanText(text);
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/**
 * Canonical JSON: keys sorted, no spaces, so that equal values give equal texts. Strings are made clean, numbers beyond the
 * range of a double become strings, and what lies too deep is cut off: PostgreSQL takes the result as `jsonb` in any case.
 * `change` is applied to every string and key before it is written; it is told in which field a string is.
 */
export function canonicalJson(value: unknown, change: Scrub = (text) => text): string {
  return write(value, change, 0);
}

function write(value: unknown, change: Scrub, depth: number, name?: string): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(cleanText(change(value, name)));
    case 'boolean':
      return String(value);
    case 'number':
      return writeNumber(value, change);
    case 'bigint':
      return JSON.stringify(change(String(value)));
    case 'object':
      return value === null ? 'null' : writeObject(value, change, depth, name);
    default:
      return 'null';
  }
}

/** A secret may consist of digits only, so numbers are shown to `change` too. */
function writeNumber(value: number, change: Scrub): string {
  const text = String(value);
  const changed = change(text);
  if (changed !== text || !Number.isFinite(value)) return JSON.stringify(changed);
  return JSON.stringify(value);
}

function writeObject(value: object, change: Scrub, depth: number, name: string | undefined): string {
  if (depth >= maxDepth) return '"[too deep]"';
  if (Array.isArray(value)) return `[${value.map((item) => write(item, change, depth + 1, name)).join(',')}]`;
  if (value instanceof Date) return write(value.toJSON(), change, depth, name);
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined && typeof field !== 'function')
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(
      ([key, field]) =>
        `${JSON.stringify(cleanText(change(key)))}:${write(field, change, depth + 1, nameOf(key, value))}`,
    );
  return `{${fields.join(',')}}`;
}

/** Numbers as PostgreSQL writes an array. */
export const arrayOf = (numbers: Iterable<number>) => `{${[...numbers].join(',')}}`;
