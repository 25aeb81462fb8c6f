import type { FormField } from './api/shapes.ts';
import { visible } from './text.ts';

/** Something that somebody types or chooses. `json`: a list or an object. `secret`: it is not shown while it is written. */
export interface Field extends Omit<FormField, 'type' | 'choices'> {
  type: FormField['type'] | 'json' | 'secret';
  choices?: readonly string[] | undefined;
  pattern?: string | undefined;
  /** What stands in it while it is empty. */
  hint?: string | undefined;
}

export type Typed = Readonly<Record<string, string | boolean>>;

interface Property {
  type?: unknown;
  enum?: unknown;
  description?: unknown;
  pattern?: unknown;
}

/** The fields of the JSON schema of an object, in its order. */
export function fieldsOf(schema: unknown): Field[] {
  const { properties = {}, required = [] } = (schema ?? {}) as {
    properties?: Record<string, Property>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { type, enum: choices, description, pattern }]) => ({
    name,
    type: Array.isArray(choices)
      ? 'choice'
      : type === 'number' || type === 'integer' || type === 'boolean'
        ? type
        : type === 'string'
          ? 'text'
          : 'json',
    required: required.includes(name),
    ...(typeof description === 'string' ? { description } : {}),
    ...(Array.isArray(choices) ? { choices: choices.map(String) } : {}),
    ...(typeof pattern === 'string' ? { pattern } : {}),
  }));
}

/** What was written, as it is sent, and by the name of a field what is wrong with it. The server has the last word. */
export function readFields(
  fields: readonly Field[],
  typed: Typed,
): { values: Record<string, unknown>; problems: Record<string, string> } {
  const values: Record<string, unknown> = {};
  const problems: Record<string, string> = {};
  for (const field of fields) {
    const { name, type, required } = field;
    const given = typed[name];
    const text = typeof given === 'string' ? given.trim() : given;
    if (text === undefined || text === '') {
      // A box that nobody has ticked says no.
      if (required && type === 'boolean') values[name] = false;
      else if (required) problems[name] = 'is needed';
      continue;
    }
    const problem = typeof text === 'boolean' ? undefined : problemWith(text, field);
    if (problem) problems[name] = problem;
    else values[name] = typeof text === 'boolean' ? text : asSent(text, type);
  }
  return { values, problems };
}

/** The first thing that is wrong, as a sentence; true: nothing is. */
export function isReady(fields: readonly Field[], problems: Readonly<Record<string, string>>): true | string {
  const wrong = fields.find(({ name }) => problems[name] !== undefined);
  return wrong ? `${visible(wrong.label ?? wrong.name)} ${problems[wrong.name]}.` : true;
}

function problemWith(text: string, { type, choices = [], pattern }: Field): string | undefined {
  switch (type) {
    case 'number':
      return Number.isFinite(Number(text)) ? undefined : 'is not a number';
    case 'integer':
      return Number.isSafeInteger(Number(text)) ? undefined : 'is not a whole number';
    case 'choice':
      return choices.includes(text) ? undefined : `is none of ${choices.join(', ')}`;
    case 'json':
      return parsed(text) === undefined ? 'is not JSON, such as ["a", "b"]' : undefined;
    default:
      return pattern === undefined || new RegExp(pattern).test(text)
        ? undefined
        : `does not look like ${pattern}`;
  }
}

function asSent(text: string, type: Field['type']): unknown {
  if (type === 'number' || type === 'integer') return Number(text);
  return type === 'json' ? parsed(text) : text;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
