import { type Approval, type ApprovalAnswer, type Approvers, whoMayApprove } from './approval.ts';
import { coerceTexts, type InputField } from './input-texts.ts';
import { type OtherInput, otherInputLines, type ParkedStep } from './park.ts';

/** One of the answers that a question offers. `value` is what the run gets, and what people type. */
export interface Option {
  value: string;
  label: string;
  description?: string;
}

/** One field of a form. What people write as JSON is none: nobody has the patience for it in an incident. */
export type FormField = InputField & { type: Exclude<InputField['type'], 'json'> };

/** What an answer is: one of some options, or a form that is filled in. */
export type AnswerForm = { options: readonly Option[] } | { fields: readonly FormField[] };

export type AnswerValues = Readonly<Record<string, string | number | boolean>>;

/** `withdrawn`: the run needs no answer any more. */
export type QuestionState = 'pending' | 'answered' | 'expired' | 'withdrawn';

/** Somebody's answer. The first one that counts ends the question. */
export interface QuestionAnswer extends Omit<ApprovalAnswer, 'decision'> {
  /** By the name of the field; of options it is `choice`. */
  values: AnswerValues;
  /** With what a parked step is tried again, where that is not what it was given. */
  input?: OtherInput;
}

/**
 * What a run asks people, which is no approval of a change: nothing is done but what the run does by the answer. So one answer is enough,
 * and whoever has asked for the run may give it.
 */
export interface Question
  extends Pick<
    Approval,
    | 'id'
    | 'runId'
    | 'workflow'
    | 'trigger'
    | 'subject'
    | 'service'
    | 'summary'
    | 'approvers'
    | 'requestedBy'
    | 'channelId'
    | 'askedAt'
    | 'expiresAt'
    | 'messages'
    | 'closedAt'
    | 'closedBecause'
  > {
  form: AnswerForm;
  /** Set where the run is parked, and the answer is a decision about this step (`runs.unpark`). */
  parked?: ParkedStep;
  /** SHA-256 over what is asked: another one is another question. */
  digest: string;
  state: QuestionState;
  /** The one answer, once there is one. */
  answers: readonly QuestionAnswer[];
}

/** One by which people decide about a parked run. */
export type ParkedQuestion = Question & { parked: ParkedStep };

export const isParked = (question: Question): question is ParkedQuestion => question.parked !== undefined;

/** What a run says when it asks. The rest is the store's. */
export type QuestionRequest = Omit<
  Question,
  'id' | 'askedAt' | 'expiresAt' | 'state' | 'answers' | 'messages' | 'closedAt' | 'closedBecause'
> & {
  /** The same key asks once. */
  key: string;
  expiresInSeconds: number;
};

/** What an event of the types `question.*` tells. */
export interface QuestionEvent {
  questionId: string;
  runId: string;
  workflow: string;
  state: QuestionState;
  summary: string;
  /** It asks what is to become of a parked run. */
  isParked?: true;
  /** The incident within the account of the event's connection. */
  incidentId?: string;
}

/** The right that whoever answers it needs. */
export const rightToAnswer = ({ parked }: { parked?: unknown }) =>
  parked ? ('runs.unpark' as const) : ('questions.answer' as const);

/** Whom it asks where it names no list: whoever has the right. */
export const allWhoMay = ({ parked }: { parked?: unknown }): string =>
  parked ? 'whoever may unpark runs in Baton' : 'whoever may answer questions in Baton';

/** Whom a question asks, in words. */
export const whoMayAnswer = (question: { approvers: Approvers; parked?: unknown }): string =>
  Object.values(question.approvers).every((list) => list === undefined)
    ? allWhoMay(question)
    : whoMayApprove(question.approvers);

/** The one field of a question with options. */
export const choiceField = 'choice';

/** Slack takes no more characters in one field. */
const longestText = 3_000;

/** What an answer is made of, whichever form it has. */
export function fieldsOf(form: AnswerForm): readonly FormField[] {
  if ('fields' in form)
    return form.fields.map((field) =>
      field.type === 'text' || field.type === 'longText' ? { most: longestText, ...field } : field,
    );
  const choices = form.options.map(({ value }) => value);
  return [{ name: choiceField, type: 'choice', required: true, choices }];
}

/** An answer as it was typed, chosen or sent, as the run gets it; or what is wrong, by field. The same check for every door. */
export function readAnswer(
  form: AnswerForm,
  given: AnswerValues,
): { values: AnswerValues } | { problems: Record<string, string> } {
  const texts = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]));
  const read = coerceTexts(texts, fieldsOf(form));
  // A form has no field that is read as anything else.
  return 'input' in read ? { values: read.input as AnswerValues } : read;
}

/** An answer in words: the label of the option, or a line for each field that was filled in. */
export function answerLines(form: AnswerForm, answer: Pick<QuestionAnswer, 'values' | 'input'>): string[] {
  const { values } = answer;
  if ('options' in form) {
    const chosen = values[choiceField];
    const label = form.options.find(({ value }) => value === chosen)?.label ?? String(chosen);
    return [label, ...otherInputLines(answer)];
  }
  return form.fields.flatMap(({ name, label = name }) =>
    values[name] === undefined ? [] : [`${label}: ${inWords(values[name])}`],
  );
}

const inWords = (value: string | number | boolean) =>
  typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);

/** What Slack takes: as many options, and so many characters in each. */
const mostOptions = 100;
const longestOption = 75;
const mostFields = 20;
const longestQuestion = 500;
const valuePattern = /^[\w.-]{1,40}$/;
const namePattern = /^[A-Za-z]\w{0,49}$/;

/** Why nobody could be asked this, or answer it: what is wrong, and what would be right. Undefined where they can. */
export function problemOf({ summary, form }: { summary: string; form: AnswerForm }): string | undefined {
  if (summary.trim() === '' || summary.length > longestQuestion)
    return `the question has ${summary.length} characters. It takes 1 to ${longestQuestion}`;
  return 'options' in form ? problemOfOptions(form.options) : problemOfFields(form.fields);
}

function problemOfOptions(options: readonly Option[]): string | undefined {
  if (options.length === 0 || options.length > mostOptions)
    return `there are ${options.length} options. It takes 1 to ${mostOptions}`;
  for (const { value, label } of options) {
    if (!valuePattern.test(value))
      return `"${value}" is no value of an option. It takes 1 to 40 letters, digits, dots, hyphens and underscores`;
    if (!fits(label))
      return `the option ${value} has no fitting label. It takes 1 to ${longestOption} characters`;
  }
  return twice(
    'option',
    options.map(({ value }) => value),
  );
}

function problemOfFields(fields: readonly FormField[]): string | undefined {
  if (fields.length === 0 || fields.length > mostFields)
    return `the form has ${fields.length} fields. It takes 1 to ${mostFields}`;
  for (const { name, label, type, choices = [], most = longestText } of fields) {
    if (!namePattern.test(name))
      return `"${name}" is no name of a field. It takes a letter, and then up to 49 letters, digits and underscores`;
    if (label !== undefined && (label.trim() === '' || label.length > 200))
      return `the field ${name} has no fitting label. It takes 1 to 200 characters`;
    if (!(Number.isInteger(most) && most >= 1 && most <= longestText))
      return `the field ${name} cannot take ${most} characters. \`most\` is a whole number from 1 to ${longestText}`;
    if ((type === 'choice') !== choices.length > 0 || choices.length > mostOptions || !choices.every(fits))
      return `the field ${name} has no fitting choices. One of the type \`choice\`, and no other, has 1 to ${mostOptions} of up to ${longestOption} characters`;
    const problem = twice('choice', choices);
    if (problem !== undefined) return problem;
  }
  return twice(
    'field',
    fields.map(({ name }) => name),
  );
}

const fits = (text: string) => text.trim() !== '' && text.trim() === text && text.length <= longestOption;

function twice(what: string, names: readonly string[]): string | undefined {
  const name = names.find((each, index) => names.indexOf(each) !== index);
  return name === undefined
    ? undefined
    : `the ${what} ${name} is there twice, and an answer could mean either`;
}

/** The questions that are kept. */
export interface Questions {
  /** Asks, once for each key: gives the one that there is. */
  askQuestion(request: QuestionRequest): Promise<Question>;
  findQuestion(id: string): Promise<Question | undefined>;
  /** Ends a pending one without an answer; one that has ended stays as it is. Gives how it stands after it. */
  closeQuestion(id: string, state: 'expired' | 'withdrawn', because: string): Promise<Question | undefined>;
  /** Remembers where people see it. */
  showedQuestion(id: string, message: { channelId: string; ts: string }): Promise<void>;
}
