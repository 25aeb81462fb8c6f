import type { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { type FailureDetail, providerFailure, unreachable, unreadable } from '../failures.ts';
import { type HttpRequest, NoAnswer, sendHttp } from '../http.ts';
import { retryAfterSeconds } from '../retry-after.ts';
import { type Reasons, reasonsIn, said } from './error-body.ts';

interface Target {
  baseUrl: string;
  authorization: string;
  way: HttpRequest['way'];
  signal: AbortSignal;
}

/** What jira.js hands to a transport. */
interface Options {
  url: string;
  method?: string | undefined;
  headers?: Record<string, unknown> | undefined;
  body?: unknown;
  searchParams?: Record<string, unknown> | undefined;
}

/**
 * Carries jira.js's calls. Its own transport has no timeout and follows redirects; ours has bounds, and throws failures that
 * say whether to try again.
 */
export function jiraTransport({ baseUrl, authorization, way, signal }: Target) {
  return {
    async sendRequest<T>({ url, method = 'GET', body, searchParams = {} }: Options): Promise<T> {
      const headers = { authorization, accept: 'application/json', 'content-type': 'application/json' };
      const answer = await sendHttp({
        method: z.enum(['GET', 'POST', 'PUT', 'DELETE']).parse(method),
        url: `${baseUrl}${url}${query(searchParams)}`,
        headers,
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        way,
        signal,
      }).catch((error: unknown) => {
        throw error instanceof NoAnswer ? unreachable('Jira', error.message) : error;
      });
      const json = asJson(answer.text);
      if (answer.status >= 200 && answer.status < 300) {
        if (json === undefined && answer.text !== '') throw unreadable('Jira');
        return json as T;
      }
      // A redirect is a wrong address or a sign-in page: it would be the same again.
      const wait = retryAfterSeconds(answer.headers);
      const reasons = reasonsIn(json);
      throw withReasons(providerFailure('Jira', answer.status, said(reasons), wait), reasons);
    },
  };
}

function query(parameters: Record<string, unknown>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    for (const each of [value].flat()) if (each !== undefined) search.append(name, String(each));
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

function asJson(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** With what Jira says about the fields of an issue, so that those which do not matter can be left out. */
function withReasons(failure: ApplicationFailure, { messages, fields }: Reasons): ApplicationFailure {
  const detail = failure.details?.[0] as FailureDetail;
  if (messages.length > 0) detail.messages = messages;
  if (Object.keys(fields).length > 0) detail.fields = fields;
  return failure;
}
