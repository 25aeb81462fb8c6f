import { z } from 'zod';
import type { OperationContext } from './operation.ts';
import { cursorAt, pageInput, placeIn } from './page.ts';

/** After which line, and how many of those after it have been told. */
const linePlace = z.tuple([z.int().min(0), z.int().min(0)]);

/** A page of the lines about a subject, or of a run on it, oldest first. Those that wait to be linked come last and keep their order. */
export async function pageOfLines(
  name: string,
  input: { limit: number; cursor?: string | undefined; after?: number | undefined },
  about: { subject: string; run?: string },
  context: OperationContext,
) {
  const list = { name, input, context };
  const [after, skip] = placeIn(list, linePlace) ?? [input.after ?? 0, 0];
  const rows = await context.store.linesAbout({ ...about, after, skip, limit: input.limit + 1 });
  const items = rows.slice(0, input.limit);
  const lastLinked = items.findLast(({ seq }) => seq !== undefined)?.seq;
  const waiting = items.filter(({ seq }) => seq === undefined).length;
  const next: [number, number] = lastLinked === undefined ? [after, skip + waiting] : [lastLinked, waiting];
  return { items, ...(rows.length > input.limit ? { next: cursorAt(list, next) } : {}) };
}

export const timelineInput = {
  after: z.int().min(0).optional().describe('Only lines after this number'),
  ...pageInput,
};
