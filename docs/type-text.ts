import { z } from 'zod';

/** The parts of JSON Schema that zod writes for our declarations. */
const schemaSchema = z.object({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  const: z.json().optional(),
  enum: z.array(z.json()).optional(),
  anyOf: z.array(z.json()).optional(),
  oneOf: z.array(z.json()).optional(),
  allOf: z.array(z.json()).optional(),
  items: z.json().optional(),
  properties: z.record(z.string(), z.json()).optional(),
  required: z.array(z.string()).default([]),
  additionalProperties: z.json().optional(),
  description: z.string().optional(),
  default: z.json().optional(),
  format: z.string().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  maxLength: z.number().optional(),
  maxItems: z.number().optional(),
});
type Schema = z.output<typeof schemaSchema>;

/** A field's type as TypeScript would write it, and what else its schema says: its meaning, default and bounds. */
export function typeText(schema: unknown): { type: string; notes: string[] } {
  const parsed = schemaSchema.parse(schema);
  return { type: typeOf(parsed), notes: notesOf(parsed) };
}

function typeOf(schema: Schema): string {
  if (schema.const !== undefined) return literal(schema.const);
  if (schema.enum) return schema.enum.map(literal).join(' | ');
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return [...new Set(choices.map(inner))].join(' | ');
  if (schema.allOf) return schema.allOf.map(inner).join(' & ');
  if (Array.isArray(schema.type)) return schema.type.join(' | ');
  switch (schema.type) {
    case 'array':
      return listOf(inner(schema.items ?? {}));
    case 'object':
      return objectOf(schema);
    case 'integer':
      return 'number';
    case undefined:
      return 'unknown';
    default:
      return schema.type;
  }
}

const inner = (schema: unknown) => typeOf(schemaSchema.parse(schema));
const literal = (value: unknown) => (typeof value === 'string' ? `'${value}'` : JSON.stringify(value));
const listOf = (item: string) => (/ [|&] /.test(item) && !item.startsWith('{') ? `(${item})[]` : `${item}[]`);

function objectOf({ properties, required, additionalProperties }: Schema): string {
  if (!properties || Object.keys(properties).length === 0)
    return typeof additionalProperties === 'object' && additionalProperties !== null
      ? `Record<string, ${inner(additionalProperties)}>`
      : '{}';
  const fields = Object.entries(properties).map(
    ([name, schema]) => `${name}${required.includes(name) ? '' : '?'}: ${inner(schema)}`,
  );
  return `{ ${fields.join('; ')} }`;
}

/** zod writes the bounds of safe integers, which tell nothing. */
const isTold = (bound: number | undefined): bound is number =>
  bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER;

function notesOf(schema: Schema): string[] {
  const { type, description, format, minimum, maximum, maxLength, maxItems } = schema;
  return [
    ...(description === undefined ? [] : [description]),
    ...(type === 'integer' ? ['whole'] : []),
    ...(isTold(minimum) ? [`at least ${minimum}`] : []),
    ...(isTold(maximum) ? [`at most ${maximum}`] : []),
    ...(isTold(maxLength) ? [`at most ${maxLength} characters`] : []),
    ...(isTold(maxItems) ? [`at most ${maxItems}`] : []),
    ...(format === 'date-time' ? ['an ISO time'] : format === 'uri' ? ['an address'] : []),
    ...(schema.default === undefined ? [] : [`${literal(schema.default)} when left out`]),
  ];
}
