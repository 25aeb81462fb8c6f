import { z } from 'zod';
import { withoutSlashAtEnd } from '../address.ts';
import { invalidInput, providerFailure, unreachable, unreadable } from '../failures.ts';
import { type HttpAnswer, NoAnswer, sendHttp, wayTo } from '../http.ts';
import { decorative, listOf } from '../lenient.ts';
import { retryAfterSeconds } from '../retry-after.ts';
import { timeScaleOf } from '../time-scale.ts';

/** What GitHub answered, with a status of success. */
export interface Answer {
  status: number;
  /** Undefined where there is no body. */
  body: unknown;
  /** The scopes of a classic token; undefined where the token is another one. */
  scopes: string | undefined;
  /** Whether the list goes on. */
  hasNext: boolean;
}

export type Query = Record<string, string | number | undefined>;

/** One account at GitHub. An answer that is no success is thrown as the failure that it means. */
export interface GitHub {
  get(path: string, query: Query, signal: AbortSignal): Promise<Answer>;
  post(path: string, body: object, signal: AbortSignal): Promise<Answer>;
  patch(path: string, body: object, signal: AbortSignal): Promise<Answer>;
  delete(path: string, signal: AbortSignal): Promise<Answer>;
  /** `owner/name` as it was given, else the configured one. Throws `InvalidInput` outside of what the connection allows. */
  repository(named: string | undefined): string;
  /** The repositories that the connection allows: `owner/name`, or `owner/*`. */
  allowed: readonly string[];
  /** Seconds that pass there in one of ours: 1, but for a simulated GitHub. */
  timeScale: number;
}

export interface GitHubSettings {
  GITHUB_TOKEN: string;
  GITHUB_API_URL: string;
  GITHUB_REPOSITORIES: string;
  GITHUB_REPOSITORY?: string | undefined;
}

/** https://docs.github.com/rest/about-the-rest-api/api-versions: the one that GitHub Enterprise Server knows too. */
const apiVersion = '2022-11-28';

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

export function connectGitHub(settings: GitHubSettings, env: NodeJS.ProcessEnv): GitHub {
  const { GITHUB_TOKEN: token, GITHUB_REPOSITORY: usual } = settings;
  const baseUrl = withoutSlashAtEnd(settings.GITHUB_API_URL);
  const allowed = settings.GITHUB_REPOSITORIES.split(',').flatMap((each) => each.trim() || []);
  const way = wayTo(baseUrl, env);
  const headers = {
    authorization: `Bearer ${token}`,
    accept: 'application/vnd.github+json',
    'content-type': 'application/json',
    'user-agent': 'baton',
    'x-github-api-version': apiVersion,
  };
  const send = async (method: Method, path: string, signal: AbortSignal, body?: object) => {
    const answer = await sendHttp({
      method,
      url: baseUrl + path,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      way,
      signal,
    }).catch((error: unknown) => {
      throw error instanceof NoAnswer ? unreachable('GitHub', error.message) : error;
    });
    return read(answer, token);
  };
  return {
    get: (path, query, signal) => send('GET', path + queryString(query), signal),
    post: (path, body, signal) => send('POST', path, signal, body),
    patch: (path, body, signal) => send('PATCH', path, signal, body),
    delete: (path, signal) => send('DELETE', path, signal),
    repository(named) {
      const repository = named ?? usual;
      if (repository === undefined)
        throw invalidInput('GitHub', 'name a repository, or set GITHUB_REPOSITORY');
      if (allowed.some((each) => covers(each, repository))) return repository;
      throw invalidInput('GitHub', `${repository} is not in GITHUB_REPOSITORIES; add it there to allow it`);
    },
    allowed,
    timeScale: timeScaleOf(baseUrl, env),
  };
}

/** GitHub's names are the same in capitals and in small letters. */
function covers(allowed: string, repository: string): boolean {
  const [all, one] = [allowed.toLowerCase(), repository.toLowerCase()];
  return all.endsWith('/*') ? one.startsWith(all.slice(0, -1)) : all === one;
}

function queryString(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) parameters.append(name, String(value));
  return parameters.size === 0 ? '' : `?${parameters}`;
}

function read({ status, headers, text }: HttpAnswer, token: string): Answer {
  const body = parseJson(text);
  if (status < 200 || status >= 300) throw failureOf(status, headers, wordsIn(body, token));
  if (body === undefined && text !== '') throw unreadable('GitHub');
  return {
    status,
    body,
    scopes: headers['x-oauth-scopes'],
    hasNext: /;\s*rel="next"/.test(headers.link ?? ''),
  };
}

function parseJson(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a body says that is of the wanted shape; another one may be a proxy's. */
export function bodyAs<Schema extends z.ZodType>({ body }: Answer, schema: Schema): z.output<Schema> {
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw unreadable('GitHub');
  return parsed.data;
}

/** https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api: `errors` says what is wrong with which field. */
const wireError = z.object({
  message: decorative(z.string()),
  errors: listOf(
    z.union([
      z.string(),
      z
        .object({
          field: decorative(z.string()),
          code: decorative(z.string()),
          message: decorative(z.string()),
        })
        .transform(({ field, code, message }) => [field, message ?? code].filter(Boolean).join(' ')),
    ]),
  ),
});

/** GitHub's own words for an error; without the token, which a proxy could repeat. */
function wordsIn(body: unknown, token: string): string {
  const { message, errors } = wireError.safeParse(body).data ?? { message: undefined, errors: [] };
  const words = [message, ...errors].filter(Boolean).join('; ') || 'no reason given';
  return words.replaceAll(token, '…').slice(0, 500);
}

/** What GitHub asks of those who are told of a limit without a time. */
const usualWaitSeconds = 60;

/**
 * A limit is told by 403 as well as 429 (https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api): by
 * `Retry-After`, by `X-RateLimit-Remaining: 0` with the time of its end, or by words alone.
 */
function failureOf(status: number, headers: Record<string, string>, words: string) {
  const told = retryAfterSeconds(headers);
  const isUsedUp = headers['x-ratelimit-remaining'] === '0';
  const isLimit =
    status === 429 || (status === 403 && (told !== undefined || isUsedUp || /rate limit/i.test(words)));
  if (isLimit) {
    const wait =
      told ?? (isUsedUp ? untilReset(headers['x-ratelimit-reset']) : undefined) ?? usualWaitSeconds;
    return providerFailure('GitHub', 429, words, wait);
  }
  return providerFailure('GitHub', status, `${words}${hints[status] ?? ''}`, told);
}

const hints: Record<number, string> = {
  301: ' (the repository may have another name by now)',
  404: ' (it is not there, or the token may not see it)',
};

/** Seconds until a time that is given in seconds since 1970. */
function untilReset(reset: string | undefined): number | undefined {
  const at = Number(reset || Number.NaN);
  return Number.isFinite(at) ? Math.max(1, at - Date.now() / 1000) : undefined;
}
