import type { Unavailable } from './parts.ts';
import type { CurrentIncident, PastIncidents } from './read-context.ts';

/** How often the like has happened at the service, and the last time, in a line for people. Nothing where it never has, or nobody knows. */
export function pastLine(
  { id, url }: Pick<CurrentIncident, 'id' | 'url'>,
  past: PastIncidents | Unavailable,
): string[] {
  if ('unavailable' in past) return [];
  const [last] = past.incidents;
  if (!last) return [];
  const times = past.total === 1 ? 'once' : `${past.total} times`;
  // PagerDuty names no page of theirs. All incidents of an account have theirs at the same place.
  const page = last.url ?? (url.endsWith(`/${id}`) ? `${url.slice(0, -id.length)}${last.id}` : undefined);
  const at = last.createdAt === undefined ? '' : ` at ${last.createdAt.slice(0, 16).replace('T', ' ')} UTC`;
  return [
    `Has happened ${times} before within six months. Last${at}: ${last.title}${page === undefined ? '' : ` ${page}`}`,
  ];
}
