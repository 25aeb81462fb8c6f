import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { StatusError } from './status-error.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const operations = z.array(
  z.discriminatedUnion('op', [
    z.object({ op: z.literal('test'), path: z.string(), value: z.json() }),
    z.object({ op: z.literal('add'), path: z.string(), value: z.json() }),
    z.object({ op: z.literal('replace'), path: z.string(), value: z.json() }),
    z.object({ op: z.literal('remove'), path: z.string() }),
  ]),
);

/**
 * The object after a patch, which is read as its content type says. Strategic merges differ from plain ones in lists only,
 * and Baton sends no lists in them.
 */
export function applyPatch<Target extends object>(target: Target, type: string, body: string): Target {
  switch (type.split(';')[0]) {
    case 'application/json-patch+json':
      return applyOperations(target, parse(body));
    case 'application/merge-patch+json':
    case 'application/strategic-merge-patch+json':
      return merge(asJson(target), parse(body)) as Target;
    default:
      throw new StatusError(
        415,
        'UnsupportedMediaType',
        `the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json`,
      );
  }
}

function parse(body: string): Json {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new StatusError(400, 'BadRequest', `error decoding patch: ${error}`);
  }
}

const asJson = (value: object): Json => structuredClone(value) as Json;

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** RFC 7396: null removes, objects are merged, all else replaces. */
function merge(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const merged = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch))
    if (value === null) delete merged[name];
    else merged[name] = merge(merged[name], value);
  return merged;
}

/** RFC 6902, without copy and move. */
function applyOperations<Target extends object>(target: Target, body: Json): Target {
  if (!Array.isArray(body)) {
    const message = 'json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp';
    throw new StatusError(400, 'BadRequest', `error decoding patch: ${message}`);
  }
  const parsed = operations.safeParse(body);
  if (!parsed.success) throw new StatusError(400, 'BadRequest', 'error decoding patch: unknown operation');
  const result = asJson(target);
  for (const operation of parsed.data) {
    const { parent, name } = find(result, operation.path);
    if (operation.op !== 'add' && !(name in parent)) throw unprocessable(operation.path, 'missing value');
    if (operation.op === 'remove') delete parent[name];
    else if (operation.op !== 'test') parent[name] = operation.value;
    else if (!isDeepStrictEqual(parent[name], operation.value))
      throw unprocessable(operation.path, 'test failed');
  }
  return result as Target;
}

const unprocessable = (path: string, why: string) =>
  new StatusError(
    422,
    'Invalid',
    `the server rejected our request due to an error in our request: ${path}: ${why}`,
  );

function find(root: Json, path: string): { parent: { [key: string]: Json }; name: string } {
  const names = path
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  const name = names.pop() ?? '';
  let parent: Json | undefined = root;
  for (const each of names) parent = isObject(parent) ? parent[each] : undefined;
  if (!isObject(parent)) throw unprocessable(path, 'missing path');
  return { parent, name };
}
