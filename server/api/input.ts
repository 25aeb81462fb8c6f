import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';
import type { AnyOperation } from '../operations/operation.ts';
import { jsonSchemaOf } from '../operations/schema.ts';
import { type BodyReader, checkContentType, parseJsonObject } from '../receiving/body.ts';
import { Refusal } from '../refusal.ts';

/** An operation's route, taken apart. */
export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** As OpenAPI writes it: `/runs/{id}/stop`. */
  path: string;
  /** As Express matches it: `/runs/*id/stop`. */
  pattern: string;
  /** The input's fields that stand in the path. */
  fields: string[];
}

export function routeOf({ route }: Pick<AnyOperation, 'route'>): Route {
  const [method, path = ''] = route.split(' ') as [Route['method'], string];
  return {
    method,
    path: path.replaceAll('{+', '{'),
    pattern: path.replaceAll(/\{\+(\w+)\}/g, '*$1').replaceAll(/\{(\w+)\}/g, ':$1'),
    fields: [...path.matchAll(/\{\+?(\w+)\}/g)].map(([, field = '']) => field),
  };
}

export type InputReader = (request: Request) => Promise<Record<string, unknown>>;

/** Gives the function that reads an operation's input from a request: its path, and the query of a GET or else the body. */
export function inputReader(operation: AnyOperation, readBody: BodyReader): InputReader {
  const { method, fields } = routeOf(operation);
  let properties: Record<string, { type?: string }> | undefined;
  /** The schema is made when the first request has a text: to make those of all operations was half of what the routes took at each start. */
  function typeOf(field: string): string | undefined {
    properties ??=
      (jsonSchemaOf(operation.input, 'input') as { properties?: typeof properties }).properties ?? {};
    return Object.hasOwn(properties, field) ? properties[field]?.type : undefined;
  }
  return async (request) => {
    const rest = method === 'GET' ? queryOf(request) : await bodyOf(request, readBody);
    const twice = fields.find((field) => Object.hasOwn(rest, field));
    if (twice !== undefined)
      throw new Refusal(400, 'Bad input', `${twice} stands in the path. Say it there alone.`);
    const path = fields.map((field) => [field, segmentOf(request.params[field])] as const);
    const given = [...Object.entries(rest), ...path];
    // Not assigned one by one: a field may be called `__proto__`.
    return Object.fromEntries(
      given.map(([field, value]) => [
        field,
        typeof value === 'string' && (method === 'GET' || fields.includes(field))
          ? typed(value, typeOf(field))
          : value,
      ]),
    );
  };
}

/** A part of the path that takes slashes comes as what stands between them. */
const segmentOf = (value: string | string[] | undefined) => (Array.isArray(value) ? value.join('/') : value);

/** A text as the schema's type of it. What is none stays text, and the schema refuses it. */
function typed(text: string, type: string | undefined): unknown {
  if (type === 'integer' && /^-?\d{1,16}$/.test(text)) return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

function queryOf(request: IncomingMessage): Record<string, string> {
  const parameters = new URL(request.url ?? '', 'http://localhost').searchParams;
  const names = [...parameters.keys()];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Refusal(400, 'Bad input', `${twice} is given twice. Give it once.`);
  return Object.fromEntries(parameters);
}

async function bodyOf(request: Request, readBody: BodyReader): Promise<Record<string, unknown>> {
  const parameters = Object.keys(queryOf(request));
  if (parameters.length > 0)
    throw new Refusal(
      400,
      'Bad input',
      `${parameters.join(', ')}: the query is not read here. Send it in the body.`,
    );
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  if (!hasBody) return {};
  checkContentType(request, 'application/json');
  return parseJsonObject(await readBody(request)) as Record<string, unknown>;
}
