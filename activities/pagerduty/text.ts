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

/** Ids of cloud resources, such as `i-0abc12345def67890`: what a text is about, and often at its end. */
const resourceId = /(?<![0-9A-Za-z-])[a-z]{1,10}-[0-9a-f]{8,17}(?![0-9A-Za-z])/g;
const mostIds = 20;

/** A text as `cut` makes it, and after it the ids of resources that only the part that was cut off names. */
function cutButIds(text: string): string {
  if (text.length <= maxFieldLength) return text.toWellFormed();
  const kept = cut(text, maxFieldLength);
  const ids = new Set<string>();
  // A few characters of the kept part, since an id may have been cut in two.
  for (const [id] of text.slice(maxFieldLength - 30).matchAll(resourceId)) {
    if (!kept.includes(id)) ids.add(id);
    if (ids.size >= mostIds) break;
  }
  return ids.size > 0 ? `${kept} ${[...ids].join(' ')}` : kept;
}

/** The value with each long text in it cut; beyond the depth that monitors use, as it is. */
function shortened(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return cutButIds(value);
  if (depth > 20 || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => shortened(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shortened(item, depth + 1)]));
}

/** Fields of a JSON object, those that fit into 32 KiB in their order. A long text among them is cut before it is left out. */
export function boundedFields(fields: Record<string, unknown>): {
  fields: Record<string, unknown>;
  truncated?: true;
} {
  let bytes = 0;
  let truncated = false;
  const kept = Object.entries(fields).flatMap(([name, value]) => {
    const short = shortened(value);
    const text = JSON.stringify([name, short]);
    const size = Buffer.byteLength(text);
    const fits = bytes + size <= maxTextBytes;
    truncated ||= !fits || text.length !== JSON.stringify([name, value]).length;
    if (!fits) return [];
    bytes += size;
    return [[name, short] as const];
  });
  return { fields: Object.fromEntries(kept), ...(truncated ? { truncated: true } : {}) };
}
