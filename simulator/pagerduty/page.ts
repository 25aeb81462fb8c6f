import type { Request, Response } from 'express';
import { RestError } from './rest-error.ts';

export const queryOf = (request: Request) => new URL(request.originalUrl, 'http://simulator').searchParams;

export const invalid = (...errors: string[]) => new RestError(400, 2001, 'Invalid Input Provided', errors);

/** One page of a list, as PagerDuty gives them. https://developer.pagerduty.com/docs/pagination */
export function page<Item>(
  request: Request,
  response: Response,
  name: string,
  items: readonly Item[],
  show: (item: Item) => unknown = (item) => item,
): void {
  const limit = Math.min(Number(queryOf(request).get('limit') ?? 25), 100);
  const offset = Number(queryOf(request).get('offset') ?? 0);
  if (!(limit > 0 && offset >= 0 && offset + limit <= 10_000))
    throw invalid('Offset and limit are too large');
  const more = items.length > offset + limit;
  const shown = items.slice(offset, offset + limit).map(show);
  response.json({ [name]: shown, limit, offset, total: null, more });
}
