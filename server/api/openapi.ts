import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import type { AnyOperation } from '../operations/operation.ts';
import { lineSchemas } from '../operations/shapes.ts';
import { routeOf } from './input.ts';
import { apiTitle } from './title.ts';

const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('What is wrong, why, and what to do'),
    instance: z.string().optional().describe('Missing where the request could not be read'),
    requestId: z.string().optional().describe('As in the log; missing where the request could not be read'),
  })
  .meta({ id: 'Problem' });

const problems = (...statuses: [number, string][]) =>
  Object.fromEntries(
    statuses.map(([status, description]) => [
      String(status),
      { description, content: { 'application/problem+json': { schema: problem } } },
    ]),
  );

const always: [number, string][] = [
  [400, 'The input is not what the operation takes'],
  [401, 'No valid token'],
  [403, 'The role or the scope does not allow it'],
  [404, 'It is not there, or not within the scope'],
  [429, 'Too many requests'],
  [431, 'The address and the headers are too long'],
  [503, 'Not now'],
];

const keyHeader = z.object({
  'Idempotency-Key': z
    .string()
    .min(1)
    .max(200)
    .regex(/^[\x21-\x7e]+$/)
    .optional()
    .describe(
      'Sent again under the same key within 24 hours, it is carried out once and gets the same answer',
    ),
});

/** The OpenAPI document of these operations, and of the stream. */
export function openApiDocument(operations: readonly AnyOperation[]): object {
  const paths: ZodOpenApiPathsObject = {
    '/stream': {
      get: {
        operationId: 'stream',
        summary:
          'New lines of the record as server-sent events; a `resync` event: too much was missed, read anew',
        requestParams: {
          query: z.object({
            subject: z.string().optional(),
            after: z
              .string()
              .regex(/^\d{1,15}$/)
              .optional()
              .describe('As Last-Event-ID'),
          }),
        },
        responses: {
          '200': {
            description: 'Until one side ends it',
            content: { 'text/event-stream': { schema: z.string() } },
          },
          ...problems(...always),
        },
      },
    },
  };
  for (const operation of operations) {
    const { method, path } = routeOf(operation);
    const known = paths[path] ?? {};
    paths[path] = { ...known, [method.toLowerCase()]: operationObject(operation) };
  }
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: apiTitle,
      version: '1',
      description: 'Runs the response to incidents. Errors are problem details (RFC 9457).',
    },
    servers: [{ url: '/api/v1' }],
    security: [{ token: [] }],
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } }, schemas: lineSchemas },
    paths,
  });
}

function operationObject(operation: AnyOperation): ZodOpenApiOperationObject {
  const { name, summary, input, output, right, kind } = operation;
  const { method, fields } = routeOf(operation);
  const shape: Record<string, z.ZodType> = input.shape;
  const inPath = Object.fromEntries(fields.map((field) => [field, shape[field] ?? z.string()]));
  const rest = Object.fromEntries(Object.entries(shape).filter(([field]) => !fields.includes(field)));
  const hasRest = Object.keys(rest).length > 0;
  const isRestNeeded = Object.values(rest).some((field) => !field.safeParse(undefined).success);
  const isBody = method !== 'GET';
  return {
    operationId: name,
    tags: [name.split('.')[0] ?? name],
    summary,
    description: `Needs the right \`${right}\`.`,
    requestParams: {
      ...(fields.length > 0 ? { path: z.object(inPath) } : {}),
      ...(!isBody && hasRest ? { query: z.object(rest) } : {}),
      ...(kind === 'change' ? { header: keyHeader } : {}),
    },
    ...(isBody && hasRest
      ? {
          requestBody: {
            required: isRestNeeded,
            content: { 'application/json': { schema: z.strictObject(rest) } },
          },
        }
      : {}),
    responses: {
      '200': { description: 'Done', content: { 'application/json': { schema: output } } },
      ...problems(
        ...always,
        [405, 'Another method'],
        ...(isBody
          ? ([
              [409, 'It cannot be done as things stand'],
              [413, 'The body is too long'],
              [415, 'The body is not JSON'],
              [422, 'It cannot be done with these values, or the Idempotency-Key stands for another request'],
            ] as [number, string][])
          : []),
      ),
    },
  };
}
