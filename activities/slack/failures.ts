import { z } from 'zod';
import { tokenRefusals } from '../../domain/slack-token.ts';
import { providerFailure, refused, unreachable, unreadable } from '../failures.ts';
import { NoAnswer, Unreadable } from '../http.ts';
import { retryAfterSeconds } from '../retry-after.ts';

/** The SDK's errors, told apart by their `code`: `instanceof` fails where two copies of the SDK are installed. */
const sdkError = z.discriminatedUnion('code', [
  z.object({
    code: z.literal('slack_webapi_platform_error'),
    data: z.object({
      error: z.string(),
      needed: z.string().optional(),
      response_metadata: z
        .object({ messages: z.array(z.string()).optional(), retryAfter: z.number().optional() })
        .optional(),
    }),
  }),
  z.object({ code: z.literal('slack_webapi_rate_limited_error'), retryAfter: z.number() }),
  z.object({
    code: z.literal('slack_webapi_http_error'),
    statusCode: z.number(),
    body: z.object({ error: z.string() }).optional().catch(undefined),
    headers: z.record(z.string(), z.string()).optional().catch(undefined),
  }),
  z.object({ code: z.literal('slack_webapi_request_error'), original: z.unknown() }),
]);

/** An answer with status 200 that says to wait. */
const limiting: readonly string[] = [
  'ratelimited',
  'rate_limited',
  'too_many_requests',
  'message_limit_exceeded',
];
/** After these the same call may yet succeed. Slack says of `fatal_error` that part of the work may be done. */
const passing: readonly string[] = [
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
  'update_failed',
  'external_channel_migrating',
];
/** The connection is wrong, whatever is asked of it. https://docs.slack.dev/reference/methods: errors of every method. */
const misconfigured: readonly string[] = [
  ...tokenRefusals,
  'access_denied',
  'accesslimited',
  'ekm_access_denied',
  'org_login_required',
  'two_factor_setup_required',
  'team_access_not_granted',
  'restricted_action',
  'plan_upgrade_required',
  'method_deprecated',
  'unknown_method',
  'deprecated_endpoint',
];

/** Slack's own word for its no; undefined where it gave none. */
export function refusalOf(error: unknown): string | undefined {
  const parsed = sdkError.safeParse(error).data;
  return parsed?.code === 'slack_webapi_platform_error' ? parsed.data.error : undefined;
}

/** Whether Slack refused because of what was asked, and not because of the connection or of the moment. */
export function isAboutInput(word: string): boolean {
  return ![...limiting, ...passing, ...misconfigured].includes(word);
}

/** The failure that an error of the SDK stands for. Any other error is handed back: a bug stays a bug. */
export function failureFor(error: unknown): unknown {
  const parsed = sdkError.safeParse(error).data;
  switch (parsed?.code) {
    case 'slack_webapi_platform_error':
      return platformFailure(parsed.data);
    case 'slack_webapi_rate_limited_error':
      return providerFailure('Slack', 429, 'ratelimited', parsed.retryAfter);
    case 'slack_webapi_http_error':
      return providerFailure(
        'Slack',
        parsed.statusCode,
        readable(parsed.body?.error ?? 'no reason given'),
        retryAfterSeconds(parsed.headers ?? {}),
      );
    case 'slack_webapi_request_error':
      if (parsed.original instanceof Unreadable) return unreadable('Slack');
      return parsed.original instanceof NoAnswer
        ? unreachable('Slack', parsed.original.message)
        : parsed.original;
    default:
      return error;
  }
}

function platformFailure({ error, needed, response_metadata: more }: PlatformError): Error {
  const word = readable(error);
  if (limiting.includes(word)) return providerFailure('Slack', 429, word, more?.retryAfter);
  if (passing.includes(word)) return unreachable('Slack', word);
  const scope = needed === undefined ? '' : ` (it needs ${readable(needed)})`;
  const messages = (more?.messages ?? []).map((message) => `: ${readable(message)}`).join('');
  return refused('Slack', `${word}${scope}${messages}`.slice(0, 500), 200);
}

type PlatformError = Extract<z.output<typeof sdkError>, { data: unknown }>['data'];

const readable = (text: string) => text.replace(/\p{C}/gu, ' ').slice(0, 200);

/** For `.catch`: throws the failure that the error stands for. */
export function throwFailure(error: unknown): never {
  throw failureFor(error);
}

/** For `.catch`: takes these refusals for an answer; throws the failure that any other error stands for. */
export const accept =
  <Value>(words: readonly string[], value: Value) =>
  (error: unknown): Value => {
    const word = refusalOf(error);
    if (word !== undefined && words.includes(word)) return value;
    throw failureFor(error);
  };

/** What an answer says. One of another shape is `AnswerUnreadable`: whether Slack acted is unknown. */
export function parseAnswer<Schema extends z.ZodType>(answer: unknown, schema: Schema): z.output<Schema> {
  const parsed = schema.safeParse(answer);
  if (!parsed.success) throw unreadable('Slack');
  return parsed.data;
}
