import { refusalOf, throwFailure } from './failures.ts';

const pageSize = 500;
/** More than anyone reads; a call that never ended would help no one. */
const maxItems = 10_000;

interface Page<Item> {
  items?: Item[];
  metadata?: { _continue?: string };
}

/** What a list call takes to read on. */
export interface PageRequest {
  limit: number;
  _continue?: string;
}

/**
 * All items of a list, page by page, and whether there are more than 10 000. The cluster forgets a position after some minutes
 * (410): then the list is read again from its start, once.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
 */
export async function readPages<Item>(
  read: (page: PageRequest) => Promise<Page<Item>>,
): Promise<{ items: Item[]; truncated: boolean }> {
  const all = () => readOn(read);
  return all()
    .catch((error: unknown) => {
      if (refusalOf(error)?.status !== 410) throw error;
      return all();
    })
    .catch(throwFailure);
}

async function readOn<Item>(read: (page: PageRequest) => Promise<Page<Item>>) {
  const items: Item[] = [];
  let position: string | undefined;
  do {
    const page = await read({ limit: pageSize, ...(position ? { _continue: position } : {}) });
    items.push(...(page.items ?? []));
    position = page.metadata?._continue;
  } while (position && items.length < maxItems);
  return { items, truncated: Boolean(position) };
}
