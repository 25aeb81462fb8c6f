import { z } from 'zod';
import { decorative } from '../lenient.ts';
import type { PagerDuty, Query } from './client.ts';
import { readSuccess } from './failures.ts';

const pageSize = 100;
/** PagerDuty answers 400 to an offset and limit that together exceed this. */
const maxItems = 10_000;

const more = z.object({ more: decorative(z.boolean()) });

/**
 * All items of a list, page by page, and whether PagerDuty has more than it lets be read (10 000).
 * https://developer.pagerduty.com/docs/pagination
 */
export async function readPages<Item>(
  pagerduty: PagerDuty,
  path: string,
  query: Query,
  page: z.ZodType<readonly Item[]>,
  signal: AbortSignal,
): Promise<{ items: Item[]; truncated: boolean }> {
  const items: Item[] = [];
  for (let offset = 0; offset < maxItems; offset += pageSize) {
    const answer = await pagerduty.get(path, { ...query, limit: `${pageSize}`, offset: `${offset}` }, signal);
    items.push(...readSuccess(answer, page));
    if (!readSuccess(answer, more).more) return { items, truncated: false };
  }
  return { items, truncated: true };
}
