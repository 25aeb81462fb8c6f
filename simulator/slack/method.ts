import type { Request } from 'express';
import { z } from 'zod';

/** Slack's no: an answer with status 200, `ok: false` and this word. */
export class Refusal extends Error {
  readonly word: string;
  readonly more: Record<string, unknown>;

  constructor(word: string, more: Record<string, unknown> = {}) {
    super(word);
    this.word = word;
    this.more = more;
  }
}

/** A method of the Web API: arguments in, the answer's fields out. Throws a `Refusal`. */
export type Method = (args: unknown) => Record<string, unknown>;

/** A method whose arguments are checked first. */
export function method<Schema extends z.ZodType>(
  schema: Schema,
  run: (args: z.output<Schema>) => Record<string, unknown>,
): Method {
  return (args) => {
    const parsed = schema.safeParse(args);
    if (parsed.success) return run(parsed.data);
    const messages = parsed.error.issues.map(({ path, message }) => `[ERROR] ${message}: ${path.join('/')}`);
    throw new Refusal('invalid_arguments', { response_metadata: { messages } });
  };
}

/** Arguments come in the query, as a form or as JSON; structures in a form are JSON texts. */
export function argumentsOf(request: Request): Record<string, unknown> {
  const query = Object.fromEntries(new URL(request.originalUrl, 'http://simulator').searchParams);
  const body = Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '';
  if (body === '') return query;
  const type = request.headers['content-type'] ?? '';
  if (type.startsWith('application/x-www-form-urlencoded'))
    return { ...query, ...Object.fromEntries(new URLSearchParams(body)) };
  if (type.startsWith('application/json')) return { ...query, ...jsonObject(body) };
  throw new Refusal('invalid_post_type');
}

function jsonObject(body: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(body));
  } catch {
    throw new Refusal('invalid_json');
  }
}

export const flag = z.union([z.boolean(), z.stringbool()]);
export const count = z.coerce.number().int();

/** A structure, or its JSON text. One that is no JSON stays a text, which no schema of a structure takes. */
export function structure<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((value) => {
    if (typeof value !== 'string') return value;
    try {
      return JSON.parse(value);
    } catch {
      return value;
    }
  }, schema);
}

/** One page of a list, and the cursor of the next. */
export function pageOf<Item>(
  items: readonly Item[],
  { cursor, limit, max }: { cursor: string | undefined; limit: number; max: number },
): { page: Item[]; next: string } {
  if (limit < 1 || limit > max) throw new Refusal('invalid_limit');
  const offset = cursor ? Number(Buffer.from(cursor, 'base64').toString('utf8').replace('next:', '')) : 0;
  if (!Number.isInteger(offset)) throw new Refusal('invalid_cursor');
  const end = offset + limit;
  const next = end < items.length ? Buffer.from(`next:${end}`).toString('base64') : '';
  return { page: items.slice(offset, end), next };
}
