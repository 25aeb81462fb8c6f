import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { conflict, invalidInput } from '../failures.ts';
import { withCallback, withoutCallback } from './callback.ts';
import { expect, headersOf, replyOf, replyOutput, requestInput, urlOf } from './exchange.ts';

/** A repeat of these may be a second effect (RFC 9110 §9.2.2). */
const isRepeatable = (method: string) => method === 'PUT' || method === 'DELETE';

const inverse = { none: 'what the receiver does with it is not known' } as const;

/**
 * Sends a request that changes something. The key of the effect goes with it as `Idempotency-Key`. What it changes is not known here, so
 * nothing is looked at before. Where it is unknown whether an earlier attempt was taken, PUT and DELETE are sent again; POST and PATCH
 * only where the caller says that the receiver knows a repeat by its key, else it is a `Conflict` for a person. Redirects are not
 * followed.
 */
export const sendHttpRequest = defineActivity({
  name: 'sendHttpRequest',
  kind: 'change',
  provider: 'http',
  summary: 'Sends a request that changes something',
  permissions: ['HTTP_ALLOWED_HOSTS, for what is not on the public internet'],
  example: {
    method: 'POST',
    url: 'https://ci.example.com/hooks/freeze',
    body: { until: '2026-11-26T12:00:00Z' },
    repeatable: true,
  },
  targets: ({ url }) => [`http:${url.replace(/[?#].*/s, '').slice(0, 500)}`],
  input: z.object({
    connection: connectionName,
    actor,
    method: z.enum(['POST', 'PUT', 'PATCH', 'DELETE']),
    ...requestInput,
    /** JSON. */
    body: z.json().optional(),
    form: z
      .record(z.string().max(200), z.union([z.string().max(10_000), z.number(), z.boolean()]))
      .optional()
      .describe('In place of JSON: fields of a form'),
    text: z
      .string()
      .max(100_000)
      .optional()
      .describe('In place of JSON: a text. The header Content-Type says of which kind it is'),
    expect,
    callback: z
      .string()
      .min(1)
      .max(1_000)
      .optional()
      .describe('The callback whose address it passes on: see httpRequestAndWait'),
    repeatable: z
      .boolean()
      .default(false)
      .describe(
        'The receiver takes a request with the same Idempotency-Key once: POST and PATCH may be sent again',
      ),
  }),
  output: z.object({ changed: z.boolean(), ...replyOutput }),
  inverse,
  async look(input, { attempt: { uncertainSince } }) {
    const { method, url: text, query, headers, repeatable } = input;
    const after = input.body ?? input.form ?? input.text;
    sentBy(input);
    if (input.callback !== undefined) withCallback(input, '');
    const url = urlOf(text, query);
    headersOf(headers);
    if (uncertainSince !== undefined && !repeatable && !isRepeatable(method)) {
      const sent = `a ${method} to ${url.host} at ${uncertainSince} may or may not have been taken`;
      throw conflict('HTTP', `${sent}; look there before it is sent again, or declare it repeatable`);
    }
    return {
      plan: {
        summary: `Sends a ${method} to ${url.host}${url.pathname}`,
        calls: [`${method} ${url.origin}${url.pathname}`],
        values: {},
        ...(after === undefined ? {} : { after }),
        inverse,
        output: { changed: true, status: 200, headers: {}, body: null },
      },
    };
  },
  async act(_, given, { http, baton, attempt }) {
    const { key, signal } = attempt;
    const connection = await http(given.connection);
    const callback = given.callback === undefined ? undefined : baton.callbackUrl(given.callback, key);
    const input = callback === undefined ? given : withCallback(given, callback);
    const hide = <Answer>(answer: Answer) =>
      callback === undefined ? answer : withoutCallback(answer, callback);
    const { method } = input;
    const { type, body } = sentBy(input);
    const reply = await connection.exchange({
      method,
      url: urlOf(input.url, input.query),
      headers: {
        ...(type === undefined ? {} : { 'content-type': type }),
        ...headersOf(input.headers),
        'idempotency-key': encodeURI(key),
      },
      body,
      redirects: 0,
      timeoutSeconds: input.timeoutSeconds,
      key,
      signal,
    });
    const answer = await replyOf(reply, input.expect, { keepText: (text) => attempt.keepText(hide(text)) });
    return { changed: true, ...hide(answer) };
  },
});

interface Given {
  body?: unknown;
  form?: Record<string, string | number | boolean> | undefined;
  text?: string | undefined;
}

/** What goes along, and of which kind it is unless a header says otherwise. */
function sentBy({ body, form, text }: Given): { type?: string; body?: string } {
  if ([body, form, text].filter((each) => each !== undefined).length > 1)
    throw invalidInput('HTTP', 'a request has one body: give body, form or text');
  if (body !== undefined) return { type: 'application/json', body: JSON.stringify(body) };
  if (text !== undefined) return { type: 'text/plain; charset=utf-8', body: text };
  if (form === undefined) return {};
  const fields = Object.entries(form).map(([name, value]): [string, string] => [name, String(value)]);
  return { type: 'application/x-www-form-urlencoded', body: new URLSearchParams(fields).toString() };
}
