/** Results end up in the run's history, which takes 4 MB at once: some reads side by side, and what goes with them. */
const maxListBytes = 512 * 1024;
const maxFieldLength = 1024;

/** At most 1 024 characters, ending in an ellipsis where it was cut, never in half a character. */
export function short(text: string): string {
  const whole = text.toWellFormed();
  if (whole.length <= maxFieldLength) return whole;
  return `${whole.slice(0, maxFieldLength - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** The first of the items that together stay below 512 KiB, and whether any were left out. */
export function boundedList<Item>(items: readonly Item[]): { items: Item[]; truncated: boolean } {
  let bytes = 0;
  const kept = items.filter((item) => {
    bytes += Buffer.byteLength(JSON.stringify(item));
    return bytes <= maxListBytes;
  });
  return { items: kept, truncated: kept.length < items.length };
}
