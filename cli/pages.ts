/** The most that one page of a list has. */
const longestPage = 200;

interface Page<Item> {
  items: Item[];
  next?: string | undefined;
}

/** A list's first so many items, page by page. */
export async function firstOf<Item>(
  ask: (page: { limit: number; cursor?: string }) => Promise<Page<Item>>,
  limit = Number.POSITIVE_INFINITY,
): Promise<Item[]> {
  const items: Item[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await ask({
      limit: Math.min(longestPage, limit - items.length),
      ...(cursor === undefined ? {} : { cursor }),
    });
    items.push(...page.items);
    if (page.next === undefined || items.length >= limit) return items;
    cursor = page.next;
  }
}
