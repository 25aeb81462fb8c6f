import { z } from 'zod';

/** A field that nothing stands or falls with: in a shape that we do not know it is left out, and the rest is used. */
export const decorative = <Schema extends z.ZodType>(schema: Schema) => schema.nullish().catch(undefined);

/** A list without the members whose shape we do not know. */
export const membersOf = <Schema extends z.ZodType>(schema: Schema) =>
  z.array(z.unknown()).transform((list) =>
    list.flatMap((member) => {
      const read = schema.safeParse(member);
      return read.success ? [read.data as z.output<Schema>] : [];
    }),
  );

/** The same of a list that nothing stands or falls with: none where it is missing or no list. */
export const listOf = <Schema extends z.ZodType>(schema: Schema) =>
  decorative(membersOf(schema)).transform((list) => list ?? []);
