import { ApplicationFailure } from '@temporalio/activity';
import { scrubValue } from '../secrets/scrub.ts';

/** The same failure without a secret in message or details; what caused it is left out. */
export function scrubbedFailure(
  { message, type, nonRetryable, details, nextRetryDelay, category }: ApplicationFailure,
  scrub: (text: string) => string,
): ApplicationFailure {
  return ApplicationFailure.create({
    message: scrub(message),
    nonRetryable: nonRetryable ?? false,
    ...(type ? { type: scrub(type) } : {}),
    ...(details ? { details: scrubValue(details, scrub) as unknown[] } : {}),
    ...(nextRetryDelay === undefined || nextRetryDelay === null ? {} : { nextRetryDelay }),
    ...(category ? { category } : {}),
  });
}
