import type { Entry } from '../api/shapes.ts';

/** Rows that are laid out together, or while they are out of sight not at all. */
export interface Group {
  key: number;
  entries: readonly Entry[];
  /** The row before its first one. */
  before: Entry | undefined;
}

/**
 * The most rows of a group, but for what comes late and belongs into its midst. All of them are laid out in the one frame in which a group
 * comes into sight: with many more, that one would be late.
 */
const mostRows = 20;

/**
 * Entries in groups. What was in a group before stays in it, so that what comes before, between and after others moves none of them: a row
 * that is moved would lose the focus. A group in which nothing has changed is the same object.
 */
export function grouped(entries: readonly Entry[], last: readonly Group[] = []): Group[] {
  const isThere = new Set(entries.map(({ id }) => id));
  const keys = new Map<string, number>();
  const sizes = new Map<number, number>();
  for (const { key, entries: own } of last)
    for (const { id } of own)
      if (isThere.has(id)) {
        keys.set(id, key);
        sizes.set(key, (sizes.get(key) ?? 0) + 1);
      }
  const known = entries.map(({ id }) => keys.get(id));
  const following: (number | undefined)[] = [];
  for (let index = entries.length - 1; index >= 0; index -= 1)
    following[index] = known[index] ?? following[index + 1];
  let newest = Math.max(-1, ...last.map(({ key }) => key));
  const hasRoom = (key: number | undefined): key is number =>
    key !== undefined && (sizes.get(key) ?? 0) < mostRows;
  const groups: { key: number; entries: Entry[]; before: Entry | undefined }[] = [];
  const begun = new Set<number>();
  for (const [index, entry] of entries.entries()) {
    const group = groups.at(-1);
    const next = following[index];
    let key = known[index];
    // Its group was left already: it stands elsewhere now.
    if (key !== undefined && key !== group?.key && begun.has(key)) key = undefined;
    if (key === undefined) {
      if (group && (group.key === next || hasRoom(group.key))) key = group.key;
      else if (hasRoom(next) && !begun.has(next)) key = next;
      else {
        newest += 1;
        key = newest;
      }
      sizes.set(key, (sizes.get(key) ?? 0) + 1);
    }
    if (key === group?.key) group.entries.push(entry);
    else {
      begun.add(key);
      groups.push({ key, entries: [entry], before: entries[index - 1] });
    }
  }
  const lastByKey = new Map(last.map((group) => [group.key, group]));
  return groups.map((group) => {
    const before = lastByKey.get(group.key);
    return before && isSame(before, group) ? before : group;
  });
}

const isSame = (one: Group, other: Group) =>
  one.before === other.before &&
  one.entries.length === other.entries.length &&
  one.entries.every((entry, index) => entry === other.entries[index]);
