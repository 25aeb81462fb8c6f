import type { Entry } from '../api/shapes.ts';

/** The entries of both, once each. */
export function joined(before: readonly Entry[], later: readonly Entry[]): Entry[] {
  const again = new Set(later.map(({ id }) => id));
  return [...before.filter(({ id }) => !again.has(id)), ...later];
}

/** With what has come since, sorted by time as the server does it: what came at one moment stays in the order in which it came. */
export function withNews(
  before: readonly Entry[],
  news: readonly Entry[],
  order: 'oldest' | 'newest',
): Entry[] {
  const all = joined(order === 'newest' ? before.toReversed() : before, news);
  const timed = all.map((entry) => ({ entry, time: Date.parse(entry.at) }));
  const oldest = timed.sort((one, other) => one.time - other.time).map(({ entry }) => entry);
  return order === 'newest' ? oldest.reverse() : oldest;
}
