import { ApplicationFailure } from '@temporalio/activity';
import type { AnyActivity } from '../activities/activity.ts';
import type { FailureDetail } from '../activities/failures.ts';

/**
 * What a result may take, in bytes of JSON. Temporal takes 2 MB in one piece and 4 MB in one message, and what a run reads at
 * once arrives in one message: five of these fit. Past its limits Temporal would refuse again and again, and the run would hang.
 */
export const largestResult = 768 * 1024;

/** The result, or the final failure `ResultTooLarge`. Activities cut long texts and lists themselves, far below this. */
export function withinSize({ name, provider, kind }: AnyActivity, result: unknown): unknown {
  const bytes = Buffer.byteLength(JSON.stringify(result));
  if (bytes <= largestResult) return result;
  const detail: FailureDetail = { provider, effect: kind === 'read' ? 'none' : 'unknown' };
  throw ApplicationFailure.nonRetryable(
    `The result of ${name} has ${bytes} bytes, and a run can keep ${largestResult}: ask for less`,
    'ResultTooLarge',
    detail,
  );
}
