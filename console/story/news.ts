import type { Entry } from '../api/shapes.ts';

/** A line that is not linked yet has no number, and comes again once it has one. */
export const isPassing = ({ id }: Entry) => id.startsWith('queued');

/** The entries of both, once each. */
export function joined(before: readonly Entry[], later: readonly Entry[]): Entry[] {
  const again = new Set(later.map(({ id }) => id));
  return [...before.filter(({ id }) => !again.has(id)), ...later];
}

/** With what has come since: those that were passing give way to what they have become. */
export const merged = (before: readonly Entry[], later: readonly Entry[]) =>
  joined(
    before.filter((entry) => !isPassing(entry)),
    later,
  );

/** With what has come since, sorted by time as the server does it: what came at one moment stays in the order in which it came. */
export function withNews(
  before: readonly Entry[],
  news: readonly Entry[],
  order: 'oldest' | 'newest',
): Entry[] {
  const all = merged(order === 'newest' ? before.toReversed() : before, news);
  const timed = all.map((entry) => ({ entry, time: Date.parse(entry.at) }));
  const oldest = timed.sort((one, other) => one.time - other.time).map(({ entry }) => entry);
  return order === 'newest' ? oldest.reverse() : oldest;
}
