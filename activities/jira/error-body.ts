import { z } from 'zod';
import { visible } from './input.ts';

/** Why Jira said no. */
export interface Reasons {
  /** What it says of the whole. */
  messages: string[];
  /** What it says of a field, by Jira's name for the field. */
  fields: Record<string, string>;
}

const longestText = 300;
/** No text lies deeper than so in an error. */
const deepest = 4;

const object = z.record(z.string(), z.unknown()).catch({});

/**
 * The reasons in the body of an error. Mostly that is `{ errorMessages: [text], errors: { field: text } }`. Parts of Jira, and what
 * stands before it, have a `message` or a list of `errors`, or something else than a text where the reason stands.
 */
export function reasonsIn(json: unknown): Reasons {
  const { errorMessages, errorMessage, message, errors } = object.parse(json);
  const whole = [errorMessages, errorMessage, message, Array.isArray(errors) ? errors : undefined];
  return {
    messages: whole.flat().map(textOf).filter(isText),
    fields: Object.fromEntries(
      Object.entries(object.parse(errors)).map(([field, reason]) => [
        field,
        textOf(reason) || 'no reason given',
      ]),
    ),
  };
}

/** All of it in one line. */
export const said = ({ messages, fields }: Reasons): string =>
  [...messages, ...Object.entries(fields).map(([field, reason]) => `${field}: ${reason}`)]
    .join('; ')
    .slice(0, 500) || 'no reason given';

const isText = (text: string) => text !== '';

/** The texts in a value of any shape. */
const textOf = (value: unknown): string =>
  visible(textsIn(value, deepest).join(', ').slice(0, longestText)).trim();

function textsIn(value: unknown, depth: number): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null || depth === 0) return [];
  const { message, detail, title } = object.parse(value);
  return [message ?? detail ?? title ?? Object.values(value)]
    .flat()
    .flatMap((each) => textsIn(each, depth - 1));
}
