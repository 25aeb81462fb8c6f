import type { AnyActivity } from '../activities/activity.ts';
import { coerceTexts, type InputField, inputFields } from '../domain/input-texts.ts';
import { fixedFields, type OtherInput, type ParkedStep, withOtherInput } from '../domain/park.ts';
import { jsonSchemaOf } from './operations/schema.ts';

/** What of a parked step's input somebody may change, by the schema of its activity. */
export const changeableFields = ({ input }: Pick<AnyActivity, 'input'>): InputField[] =>
  inputFields(jsonSchemaOf(input, 'input')).filter(({ name }) => !fixedFields.includes(name));

/** What takes the place of a step's input, or what is wrong with it, by field. */
export type ReadOtherInput = { input: OtherInput } | { problems: Record<string, string> };

/** Whether the step can be tried with this: all that is left of its input, and what takes the place of some of it, has to fit its activity. */
export function checkOtherInput(
  activity: Pick<AnyActivity, 'input'>,
  { input }: Pick<ParkedStep, 'input'>,
  other: OtherInput,
): ReadOtherInput {
  const names = changeableFields(activity).map(({ name }) => name);
  const problems: Record<string, string> = {};
  for (const name of Object.keys(other)) {
    if (fixedFields.includes(name)) problems[name] = 'is given by the run, and no decision changes it';
    else if (!names.includes(name))
      problems[name] = `is no input of it: ${names.join(', ') || 'it takes none'}`;
  }
  const parsed = activity.input.safeParse(withOtherInput(input, other));
  for (const { path, message } of parsed.error?.issues ?? []) {
    const [field] = path;
    // What is left is what it was given: where a secret in it is masked here, it may not fit here alone.
    if (field === undefined) problems.input ??= message;
    else if (Object.hasOwn(other, field)) problems[String(field)] ??= `does not fit: ${message}`;
  }
  return Object.keys(problems).length > 0 ? { problems } : { input: other };
}

/** A field of a step as people see it, with what stands in it. */
export interface StepField extends InputField {
  text: string;
}

/** Slack takes no more characters in one field. */
const mostCharacters = 3_000;
/** What is longer than this is easier to read in several lines. */
const lineCharacters = 80;

/** The fields of a form with which a step is tried again. What is too long for a field of Slack is left as it is. */
export const stepFields = (activity: Pick<AnyActivity, 'input'>, { input }: ParkedStep): StepField[] =>
  changeableFields(activity).flatMap((field) => {
    const text = textOf(input[field.name], field);
    if (text.length > mostCharacters) return [];
    const isLong = field.type === 'text' && (text.includes('\n') || text.length > lineCharacters);
    return [{ ...field, ...(isLong ? { type: 'longText' } : {}), text }];
  });

function textOf(value: unknown, { type }: InputField): string {
  if (value === undefined || value === null) return '';
  if (type === 'boolean') return value === true ? 'yes' : 'no';
  return typeof value === 'string' && type !== 'json' ? value : JSON.stringify(value);
}

/** What was filled in where it is not what stood there: left empty, the field is taken away. */
export function readStepForm(
  activity: Pick<AnyActivity, 'input'>,
  parked: ParkedStep,
  texts: Readonly<Record<string, string>>,
): ReadOtherInput {
  const changed = stepFields(activity, parked).filter(
    ({ name, text }) => (texts[name]?.trim() ?? '') !== text.trim(),
  );
  const filled = changed.filter(({ name }) => texts[name] !== undefined);
  const read = coerceTexts(
    Object.fromEntries(filled.map(({ name }) => [name, texts[name] ?? ''])),
    filled.map((field) => ({ ...field, required: false })),
  );
  if ('problems' in read) return read;
  const emptied = changed.filter(({ name }) => texts[name] === undefined).map(({ name }) => [name, null]);
  return checkOtherInput(activity, parked, { ...read.input, ...Object.fromEntries(emptied) });
}
