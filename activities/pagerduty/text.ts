/** Results end up in the run's history, which takes 4 MB at once: some reads side by side, and what goes with them. */
const maxTextBytes = 32 * 1024;
const maxListBytes = 512 * 1024;
const maxFieldLength = 4096;

/** At most `max` characters, ending in an ellipsis where it was cut, never in half a character. */
export function cut(text: string, max: number): string {
  const whole = text.toWellFormed();
  return whole.length <= max ? whole : `${whole.slice(0, max - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** A text as it goes into a result: 32 KiB at most, and marked where it was longer. */
export function bounded(text: string): { text: string; truncated?: true } {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxTextBytes) return { text: bytes.toString() };
  return {
    text: bytes
      .subarray(0, maxTextBytes)
      .toString()
      .replace(/\uFFFD+$/, ''),
    truncated: true,
  };
}

/** The first of the items that together stay below 512 KiB, and whether any were left out. */
export function boundedList<Item>(items: readonly Item[]): { items: Item[]; truncated?: true } {
  let bytes = 0;
  const kept = items.filter((item) => {
    bytes += Buffer.byteLength(JSON.stringify(item));
    return bytes <= maxListBytes;
  });
  return kept.length === items.length ? { items: kept } : { items: kept, truncated: true };
}

/** Fields of a JSON object, those that fit into 32 KiB in their order. A long text among them is cut before it is left out. */
export function boundedFields(fields: Record<string, unknown>): {
  fields: Record<string, unknown>;
  truncated?: true;
} {
  let bytes = 0;
  let truncated = false;
  const kept = Object.entries(fields).flatMap(([name, value]) => {
    const short = typeof value === 'string' ? cut(value, maxFieldLength) : value;
    const size = Buffer.byteLength(JSON.stringify([name, short]));
    const fits = bytes + size <= maxTextBytes;
    truncated ||= !fits || short !== value;
    if (!fits) return [];
    bytes += size;
    return [[name, short] as const];
  });
  return { fields: Object.fromEntries(kept), ...(truncated ? { truncated: true } : {}) };
}
