/** Something that people type or choose: for a workflow's input, read from its JSON schema, or in the form of a question. */
export interface InputField {
  name: string;
  /** As people read it; its name where left out. */
  label?: string;
  /** `longText`: of several lines. `json`: a list or an object, which people write as JSON. */
  type: 'text' | 'longText' | 'number' | 'integer' | 'boolean' | 'choice' | 'json';
  required: boolean;
  description?: string;
  choices?: readonly string[];
  /** So many characters of text at most. */
  most?: number;
}

interface Property {
  type?: unknown;
  enum?: unknown;
  description?: unknown;
}

/** The fields of an object's JSON schema, as Zod writes it, in its order. */
export function inputFields(schema: unknown): InputField[] {
  const { properties = {}, required = [] } = (schema ?? {}) as {
    properties?: Record<string, Property>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    ...typeOf(property),
    required: required.includes(name),
    ...(typeof property.description === 'string' ? { description: property.description } : {}),
  }));
}

function typeOf({ type, enum: values }: Property): Pick<InputField, 'type' | 'choices'> {
  if (Array.isArray(values)) return { type: 'choice', choices: values.map(String) };
  switch (type) {
    case 'string':
      return { type: 'text' };
    case 'number':
    case 'integer':
    case 'boolean':
      return { type };
    default:
      return { type: 'json' };
  }
}

/** What was said of a field, as the workflow takes it; or why it cannot be. The workflow's own schema then has the last word. */
export type Coerced = { input: Record<string, unknown> } | { problems: Record<string, string> };

/** Turns texts into an input. A text for which there is no field, and a required field without one, is a problem. */
export function coerceTexts(texts: Readonly<Record<string, string>>, fields: readonly InputField[]): Coerced {
  const input: Record<string, unknown> = {};
  const problems: Record<string, string> = {};
  for (const field of fields) {
    const { name, required } = field;
    const text = Object.hasOwn(texts, name) ? texts[name]?.trim() : undefined;
    if (text === undefined || text === '') {
      if (required) problems[name] = 'is needed';
      continue;
    }
    const value = readValue(text, field);
    if (field.most !== undefined && text.length > field.most)
      problems[name] = `has ${text.length} characters, and takes ${field.most}`;
    else if (value === undefined) problems[name] = `must be ${wantedBy(field)}`;
    else input[name] = value;
  }
  for (const name of Object.keys(texts))
    if (!fields.some((field) => field.name === name))
      problems[name] =
        `is no input of it: ${fields.map((field) => field.name).join(', ') || 'it takes none'}`;
  return Object.keys(problems).length > 0 ? { problems } : { input };
}

const booleans = new Map([
  ['true', true],
  ['yes', true],
  ['false', false],
  ['no', false],
]);

function readValue(text: string, { type, choices = [] }: InputField): unknown {
  switch (type) {
    case 'text':
    case 'longText':
      return text;
    case 'choice':
      return choices.includes(text) ? text : undefined;
    case 'boolean':
      return booleans.get(text.toLowerCase());
    case 'number':
    case 'integer': {
      const number = Number(text);
      return Number.isFinite(number) && (type === 'number' || Number.isSafeInteger(number))
        ? number
        : undefined;
    }
    case 'json':
      return parsed(text);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function wantedBy({ type, choices = [] }: InputField): string {
  switch (type) {
    case 'choice':
      return `one of ${choices.join(', ')}`;
    case 'boolean':
      return 'yes or no';
    case 'integer':
      return 'a whole number';
    case 'number':
      return 'a number';
    default:
      return 'JSON, such as ["a", "b"]';
  }
}
