import { ApplicationFailure } from '@temporalio/common';
import {
  conflict,
  type FailureDetail,
  invalidInput,
  notYet,
  providerFailure,
  refused,
  unreachable,
  unreadable,
} from '../failures.ts';
import { retryAfterSeconds } from '../retry-after.ts';
import { NoCredentials } from './credentials.ts';

/** What the SDK throws: a service's answer has a code as its name, and its status beside it. */
interface SdkError extends Error {
  $metadata?: { httpStatusCode?: number };
  $fault?: 'client' | 'server';
  /** Hidden, and there when the answer could not be read as EC2's. */
  $response?: { statusCode?: number; headers?: Record<string, string> };
  code?: string;
}

/** Codes that may pass, whatever the status (EC2's error codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html). */
const limited = /^(RequestLimitExceeded|Throttl\w*|TooManyRequestsException|EC2ThrottledException)$/;
const passing =
  /^(InternalError|InternalFailure|Unavailable|ServiceUnavailable|RequestExpired|InsufficientInstanceCapacity|InsufficientHostCapacity)$/;
const unfit = /^(InvalidInstanceID\.\w+|InvalidParameter\w*|MissingParameter)$/;
const inTheWay = /^(IncorrectInstanceState|IncorrectState|OperationNotPermitted)$/;

/**
 * The first line, without the code of hundreds of letters in which a refusal ends, and which only AWS can read
 * (sts:DecodeAuthorizationMessage). It is long enough for whose refusal it is: a session policy's is said at the end.
 */
const firstLine = (text: string) =>
  (text.split('\n')[0] ?? '').replace(/ ?Encoded authorization failure message: [^;\s]*/, '').slice(0, 500);

/** Turns what the SDK throws into a failure that says whether to try again. For use with `.catch`. */
export function throwFailure(error: unknown): never {
  const { name, message, $metadata, $fault, $response, code } = error as SdkError;
  const status = $metadata?.httpStatusCode;
  const wait = retryAfterSeconds($response?.headers ?? {});
  const reason = `${name}: ${firstLine(message ?? '')}`;
  // Of the role, whose keys are had within the call.
  if (name === 'AbortError' || error instanceof ApplicationFailure) throw error;
  if (limited.test(name)) throw providerFailure('EC2', 429, reason, wait ?? 5);
  if (passing.test(name))
    throw providerFailure('EC2', 503, reason, wait ?? (name.startsWith('Insufficient') ? 60 : undefined));
  if (unfit.test(name)) throw invalidInput('EC2', reason);
  if (inTheWay.test(name)) throw conflict('EC2', reason, status);
  if (error instanceof NoCredentials)
    throw error.isLasting ? refused('EC2', message) : notYet('EC2', message, 5);
  if ($fault !== undefined && status !== undefined) throw providerFailure('EC2', status, reason, wait);
  if ($response?.statusCode !== undefined)
    throw $response.statusCode >= 400
      ? providerFailure('EC2', $response.statusCode, 'an answer that is not EC2’s', wait)
      : unreadable('EC2', 'its answer is not EC2’s');
  if (name === 'TimeoutError' || code !== undefined) throw unreachable('EC2', code ?? 'no answer in time');
  throw error;
}

const sts = 'AWS STS';
const refusing = /^AccessDenied/;
/** STS takes the policy's text, and cannot pack it: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html#API_AssumeRole_Errors */
const tooLarge = /^PackedPolicyTooLarge/;
/** So soon it may be asked again. */
const againSeconds = 5;

/** There may be keys for parts of it. */
export class PackedPolicyTooLarge extends Error {}

/** The same of a role that was to be assumed. Nothing was changed then, whatever went wrong, as there were no keys yet to change it with. */
export function throwRoleFailure(
  error: unknown,
  { arn, identity }: { arn: string; identity: string },
): never {
  const { name, message, $metadata, $response, code } = error as SdkError;
  const status = $metadata?.httpStatusCode ?? $response?.statusCode;
  const reason = `${name}: ${firstLine(message ?? '')}`;
  const wait = retryAfterSeconds($response?.headers ?? {});
  if (name === 'AbortError') throw error;
  if (error instanceof NoCredentials) return throwFailure(error);
  if (tooLarge.test(name)) throw new PackedPolicyTooLarge();
  if (limited.test(name)) throw providerFailure(sts, 429, reason, wait ?? againSeconds);
  if (refusing.test(name)) throw refused(sts, `${reason}. ${whatToAllow(message, arn, identity)}`, status);
  if (name === 'RegionDisabledException')
    throw refused(sts, `${reason}. Activate STS for the region in the account settings of IAM`, status);
  if (passing.test(name) || (status !== undefined && (status >= 500 || status < 300)))
    throw notYet(sts, reason, wait ?? againSeconds);
  if (status !== undefined) throw refused(sts, reason, status);
  if (name === 'TimeoutError' || code !== undefined)
    throw notYet(sts, `no answer (${code ?? 'in time'})`, againSeconds);
  throw error;
}

/** The same of a question to STS that needs no right: what is refused is the key itself. */
export function throwStsFailure(error: unknown): never {
  const { name, message, $metadata, $response, code } = error as SdkError;
  const status = $metadata?.httpStatusCode ?? $response?.statusCode;
  const reason = `${name}: ${firstLine(message ?? '')}`;
  if (name === 'AbortError') throw error;
  if (error instanceof NoCredentials) return throwFailure(error);
  if (limited.test(name)) throw providerFailure(sts, 429, reason, againSeconds);
  if (status !== undefined && status >= 400 && status < 500)
    throw refused(sts, `${reason}. ${nextOf[name] ?? 'Give a key that is active, with its secret'}`, status);
  if (status !== undefined) throw notYet(sts, reason, againSeconds);
  if (name === 'TimeoutError' || code !== undefined)
    throw notYet(sts, `no answer (${code ?? 'in time'})`, againSeconds);
  throw error;
}

const nextOf: Readonly<Record<string, string>> = {
  SignatureDoesNotMatch: 'The secret access key is not that of this key’s id',
  InvalidClientTokenId: 'There is no active key of this id; see it in IAM, Users, Security credentials',
  ExpiredToken: 'The temporary key has ended: give a new one with its session token',
};

/** STS says which of the two it misses, and not where: a trust policy and the caller's own policy both have to allow it. */
function whatToAllow(message: string, arn: string, identity: string): string {
  const action = message.includes('sts:SetSourceIdentity') ? 'sts:SetSourceIdentity' : 'sts:AssumeRole';
  return (
    `Allow ${action} for ${arn} in the trust policy of that role (deploy/iam-role-trust.json), and in the policy of whoever assumes it ` +
    `(deploy/iam-assume-role.json). Where the trust policy has a condition on sts:SourceIdentity, ${identity} has to fit it`
  );
}

/** The failure of a change of which a part was made before. */
export function withPartMade(failure: unknown, made: readonly string[]): unknown {
  if (!(failure instanceof ApplicationFailure)) return failure;
  const [detail] = (failure.details ?? []) as FailureDetail[];
  return ApplicationFailure.create({
    message: `${failure.message}. Before that it was made of ${made.join(', ')}`,
    type: failure.type ?? 'ProviderRefused',
    nonRetryable: failure.nonRetryable ?? false,
    details: [{ provider: 'EC2', ...detail, effect: 'unknown' } satisfies FailureDetail],
    ...(failure.nextRetryDelay ? { nextRetryDelay: failure.nextRetryDelay } : {}),
  });
}
