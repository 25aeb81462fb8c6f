import type { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { type FailureDetail, providerFailure, unreachable, unreadable } from '../failures.ts';
import { type HttpRequest, NoAnswer, sendHttp } from '../http.ts';
import { retryAfterSeconds } from '../retry-after.ts';

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
      throw withFields(providerFailure('Jira', answer.status, reasonOf(json), wait), json);
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

const errorBody = z.object({
  errorMessages: z.array(z.string()).catch([]),
  errors: z.record(z.string(), z.string()).catch({}),
});

/** Jira's own words: the general messages, and those about a field. */
function reasonOf(json: unknown): string {
  const { errorMessages = [], errors = {} } = errorBody.safeParse(json).data ?? {};
  const fields = Object.entries(errors).map(([field, text]) => `${field}: ${text}`);
  return [...errorMessages, ...fields].join('; ').slice(0, 500) || 'no reason given';
}

/** Which fields of an issue Jira did not like, so that those which do not matter can be left out. */
function withFields(failure: ApplicationFailure, json: unknown): ApplicationFailure {
  const { errors } = errorBody.safeParse(json).data ?? { errors: {} };
  const [detail] = failure.details ?? [];
  if (Object.keys(errors).length > 0) Object.assign(detail as FailureDetail, { fields: errors });
  return failure;
}
