import { z } from 'zod';
import { decorative } from '../lenient.ts';
import type { LogPage, LogQuery } from '../provider.ts';
import type { PagerDuty, Query } from './client.ts';
import { readSuccess } from './failures.ts';

/** A page of all incidents that began within a time, newest first. https://developer.pagerduty.com/api-reference/: List incidents */
export const readPagerDutyIncidents = reading('/incidents', 'incidents', { sort_by: 'created_at:desc' });

/**
 * A page of what their logs say, newest first: in its overview, without who was notified and how, which is several times as much. Each
 * entry names its incident alone, since the list of incidents has them all.
 * https://developer.pagerduty.com/api-reference/: List log entries
 */
export const readPagerDutyEntries = reading('/log_entries', 'log_entries', { is_overview: 'true' });

function reading(path: string, name: string, fixed: Query) {
  const page = z.object({ [name]: z.array(z.unknown()), more: decorative(z.boolean()) });
  return async (client: PagerDuty, asked: LogQuery, signal: AbortSignal): Promise<LogPage> => {
    const { since, until, offset, limit } = asked;
    const query = { ...fixed, since, until, limit: String(limit), offset: String(offset) };
    const answer = readSuccess(await client.get(path, query, signal), page);
    return { entries: answer[name] as unknown[], more: answer.more === true };
  };
}
