import type { z } from 'zod';
import { providerFailure, unreadable } from '../failures.ts';
import type { Answer } from './client.ts';

/**
 * What a successful answer says; throws the failure for any other. A success that cannot be read (HTML, a cut body, an
 * unknown shape) is `AnswerUnreadable`: it may be a proxy's, and whether PagerDuty acted is unknown.
 */
export function readSuccess<Schema extends z.ZodType>(answer: Answer, schema: Schema): z.output<Schema> {
  if (!isSuccess(answer)) throw failureFor(answer);
  const parsed = schema.safeParse(answer.body);
  if (!parsed.success) throw unreadable('PagerDuty');
  return parsed.data;
}

/** Some plans and tokens lack what was asked for: that is an answer, and a runbook goes on without. */
export const isWithheld = ({ status }: Answer) => [402, 403, 404].includes(status);

export const isSuccess = ({ status }: Answer) => status >= 200 && status < 300;

export const failureFor = ({ status, reason, retryAfterSeconds }: Answer) =>
  providerFailure('PagerDuty', status, reason, retryAfterSeconds);
