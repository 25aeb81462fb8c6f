import {
  conflict,
  invalidInput,
  notYet,
  providerFailure,
  refused,
  unreachable,
  unreadable,
} from '../failures.ts';
import { retryAfterSeconds } from '../retry-after.ts';
import { NoCredentials } from './client.ts';

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

const firstLine = (text: string) => text.split('\n')[0]?.slice(0, 300) ?? '';

/** Turns what the SDK throws into a failure that says whether to try again. For use with `.catch`. */
export function throwFailure(error: unknown): never {
  const { name, message, $metadata, $fault, $response, code } = error as SdkError;
  const status = $metadata?.httpStatusCode;
  const wait = retryAfterSeconds($response?.headers ?? {});
  const reason = `${name}: ${firstLine(message ?? '')}`;
  if (name === 'AbortError') throw error;
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
