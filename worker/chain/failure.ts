import {
  ApplicationFailure,
  CancelledFailure,
  cancellationDetails,
  cancellationSignal,
} from '@temporalio/activity';
import { z } from 'zod';
import { type FailedEffect, type FailureDetail, unreachable } from '../../activities/failures.ts';
import { scrubbedFailure } from '../scrubbed-failure.ts';
import { asLastTry, ofAnotherShape } from '../unreadable.ts';
import type { Call } from './call.ts';

/** Ends a short activity's attempt, so that a provider that never answers costs one attempt and not the run. */
export const attemptMilliseconds = 10_000;

/** Rebuilt, never handed on as it came: an error can hold headers, URLs and whole answers, in its cause and its stack too. */
export function asFailure(
  error: unknown,
  provider: string,
  scrub: (text: string) => string,
): ApplicationFailure | CancelledFailure {
  if (error instanceof CancelledFailure) return new CancelledFailure(cutOff(error), error.details);
  if (error instanceof ApplicationFailure) return scrubbedFailure(error, scrub);
  if (error instanceof z.ZodError) return scrubbedFailure(ofAnotherShape(provider, error), scrub);
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  if (name === 'AbortError' || name === 'TimeoutError') {
    if (cancellationSignal().aborted) return new CancelledFailure(cutOff(error));
    return unreachable(provider, `no answer within ${attemptMilliseconds / 1000} s`);
  }
  if (name === 'StoreUnavailable')
    return ApplicationFailure.create({ type: 'StoreUnavailable', message: scrub(message) });
  return ApplicationFailure.create({ type: name, message: scrub(message) });
}

/** Why an attempt was cut off, for whoever reads the record. Temporal says one word in capitals. */
function cutOff(error: unknown): string {
  const why = cancellationDetails();
  if (why?.timedOut) return 'The attempt took longer than it may, and was cut off. It is made again';
  if (why?.notFound)
    return 'Temporal has given the attempt up, as it heard nothing of it in time. It is made again';
  if (why?.workerShutdown) return 'The worker stops. The attempt is made again by another one';
  if (why?.cancelRequested)
    return 'The attempt was called off: the run is to end, or another worker goes on with it';
  return error instanceof Error ? error.message : String(error);
}

/** The failure of an attempt, made final where it is the last of its tries. */
export const failureOf = (
  error: unknown,
  { declaration, key, attempt }: Call,
  scrub: (text: string) => string,
): Error => asLastTry(asFailure(error, declaration.provider, scrub), key, attempt);

/** The same failure, with this told besides: that the attempt has certainly changed nothing, or that an earlier one may have. */
export function telling(
  failure: ApplicationFailure | CancelledFailure,
  provider: string,
  told: Pick<Partial<FailureDetail>, 'effect' | 'uncertainSince'>,
): Error {
  const [detail] = (failure.details ?? []) as FailureDetail[];
  const details = [{ provider, effect: 'unknown', ...detail, ...told } satisfies FailureDetail];
  if (failure instanceof CancelledFailure) return new CancelledFailure(failure.message, details);
  const { message, type, nonRetryable, nextRetryDelay, category } = failure;
  return ApplicationFailure.create({
    message,
    nonRetryable: nonRetryable ?? false,
    details,
    ...(type ? { type } : {}),
    ...(nextRetryDelay === undefined || nextRetryDelay === null ? {} : { nextRetryDelay }),
    ...(category ? { category } : {}),
  });
}

/** A failure that does not say so may have come after the effect. */
export function effectOf(failure: Error): FailedEffect {
  const isTold = failure instanceof ApplicationFailure || failure instanceof CancelledFailure;
  const detail = isTold ? (failure.details?.[0] as FailureDetail | undefined) : undefined;
  return detail?.effect ?? 'unknown';
}
