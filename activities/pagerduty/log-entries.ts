import { z } from 'zod';
import { decorative } from '../lenient.ts';
import type { LogPage, LogQuery } from '../provider.ts';
import type { PagerDuty } from './client.ts';
import { readSuccess } from './failures.ts';

const page = z.object({ log_entries: z.array(z.unknown()), more: decorative(z.boolean()) });

/**
 * One page of the log of all incidents, newest first, each entry with its incident as it is now. Channels stay references: a whole one
 * holds an alert with all its details, and a hundred of them are more than an answer may be.
 * https://developer.pagerduty.com/api-reference/: List log entries
 */
export async function readPagerDutyLog(
  pagerduty: PagerDuty,
  { since, until, offset, limit }: LogQuery,
  signal: AbortSignal,
): Promise<LogPage> {
  const query = {
    since,
    until,
    'include[]': 'incidents',
    limit: String(limit),
    offset: String(offset),
  };
  const answer = await pagerduty.getAtLeisure('/log_entries', query, signal);
  const { log_entries: entries, more } = readSuccess(answer, page);
  const { answeredAt } = answer;
  return { entries, more: more === true, ...(answeredAt === undefined ? {} : { answeredAt }) };
}
