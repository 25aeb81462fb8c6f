import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Refusal } from '../refusal.ts';
import type { OperationContext } from './operation.ts';

/** What every list takes. */
export const pageInput = {
  limit: z.int().min(1).max(200).default(50).describe('At most so many'),
  cursor: z
    .string()
    .min(1)
    .max(1_000)
    .optional()
    .describe('Where to go on: `next` of the page before, with the same other fields'),
};

/** What every list answers: `next` is there where there may be more, also after a page that is short or empty. */
export const pageOutput = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), next: z.string().optional() });

/** What makes two lists the same one: a cursor goes on only in the list, and for the person, that it came from. */
interface ListOf {
  name: string;
  input: { limit: number; cursor?: string | undefined };
  context: Pick<OperationContext, 'principal'>;
}

function tagOf({ name, input: { limit: _, cursor: __, ...filter }, context: { principal } }: ListOf): string {
  const { kind, name: who } = principal;
  return createHash('sha256')
    .update(JSON.stringify([name, kind, who, filter]))
    .digest('base64url')
    .slice(0, 16);
}

/** Where a list is to go on, as its store understands it. A cursor that is broken, or of another list, filter or person, is a 400. */
export function placeIn<Place extends z.ZodType>(list: ListOf, place: Place): z.output<Place> | undefined {
  const { cursor } = list.input;
  if (cursor === undefined) return undefined;
  const [tag, text] = cursor.split('.');
  const parsed = place.safeParse(tag === tagOf(list) ? jsonIn(text ?? '') : undefined);
  // Base64 forgives what it does not need: only the very text that was given out is taken.
  if (!parsed.success || cursorAt(list, parsed.data) !== cursor)
    throw new Refusal(
      400,
      'Bad cursor',
      'The cursor is not one of this list with these fields. Begin without it.',
    );
  return parsed.data;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

/** The cursor of a place. */
export const cursorAt = (list: ListOf, place: unknown): string =>
  `${tagOf(list)}.${Buffer.from(JSON.stringify(place)).toString('base64url')}`;

/** A page of the store as a list answers it. */
export const answered = <Item, Shown>(
  list: ListOf,
  { items, next }: { items: readonly Item[]; next?: unknown },
  show: (item: Item) => Shown,
): { items: Shown[]; next?: string } => ({
  items: items.map(show),
  ...(next === undefined ? {} : { next: cursorAt(list, next) }),
});
