import { setImmediate as turn } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/activity';
import type { AnyActivity } from '../activities/activity.ts';
import type { FailureDetail } from '../activities/failures.ts';
import { type KeptText, type TextToKeep, wholeKept } from '../domain/kept-text.ts';
import { scrubValue } from '../secrets/scrub.ts';

/**
 * What a result may take, in bytes of JSON. Temporal takes 2 MB in one piece and 4 MB in one message, and what a run reads at
 * once arrives in one message: five of these fit. Past its limits Temporal would refuse again and again, and the run would hang.
 */
export const largestResult = 768 * 1024;

/** To mask the secrets of more than this takes so long that the attempt could be given up. */
const mostScrubbed = 4 * largestResult;

interface Surroundings {
  scrub: (text: string) => string;
  /** Undefined where there is no more room. */
  keep(text: TextToKeep): Promise<KeptText | undefined>;
}

/**
 * The result without secrets, or the final failure `ResultTooLarge`, which says where the whole of it is kept. Activities cut long texts and
 * lists themselves, far below this.
 */
export async function withinSize(
  { name, provider, kind }: AnyActivity,
  result: unknown,
  { scrub, keep }: Surroundings,
): Promise<unknown> {
  const given = JSON.stringify(result);
  const clean = given.length > mostScrubbed ? undefined : { result: scrubValue(result, scrub) };
  const text = clean ? JSON.stringify(clean.result) : given;
  const bytes = Buffer.byteLength(text);
  if (clean && bytes <= largestResult) return clean.result;
  // That took a while, and so will keeping it: in between a heartbeat can leave.
  await turn();
  // Where the store is away that is the failure, and the attempt is made again: nothing is lost.
  const kept = await keep({ title: `Result of ${name}`, text });
  const whole = kept ? wholeKept(kept) : 'It could not be kept, as so much is kept of this incident already';
  const detail: FailureDetail = { provider, effect: kind === 'read' ? 'none' : 'unknown' };
  throw ApplicationFailure.nonRetryable(
    `The result of ${name} has ${bytes} bytes, and a run can keep ${largestResult}. ${whole}. ` +
      'Ask for less, or let the activity keep the text (attempt.keepText) and answer a part of it',
    'ResultTooLarge',
    detail,
  );
}
