import { choose, query } from '../navigation.ts';

/** How many rows a page of a list has. */
export const atOnce = 50;

/** To the next page of a list, and back to the first. */
export function More({ next, count = atOnce }: { next: string | undefined; count?: number }) {
  const isLater = query.value.has('cursor');
  if (next === undefined && !isLater) return null;
  return (
    <nav class="filters" aria-label="Pages of this list">
      {isLater && (
        <button type="button" class="button" onClick={() => choose({ cursor: undefined })}>
          To the first page
        </button>
      )}
      {next !== undefined && (
        <button type="button" class="button" onClick={() => choose({ cursor: next })}>
          Next {count}
        </button>
      )}
    </nav>
  );
}
