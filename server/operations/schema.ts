import { z } from 'zod';

/** A schema as JSON schema, for people and programs. What JSON schema has no word for is left open. */
export const jsonSchemaOf = (schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> =>
  z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' });
