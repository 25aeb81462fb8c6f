import { z } from 'zod';
import { coerceTexts, type InputField } from '../../domain/input-texts.ts';
import type { PersonRequest } from '../../domain/person-request.ts';
import { fieldsOf, type Question, readAnswer } from '../../domain/question.ts';
import { markWritten } from '../../domain/subject.ts';
import type { ReadOtherInput, StepField } from '../other-input.ts';
import { longestUpdate } from './commands.ts';
import type { Submission } from './person-requests.ts';
import { restOf } from './snooze-time.ts';
import { type Field, type Modal, modal } from './view.ts';
import { addressIn } from './words.ts';

/** Where the form was opened from. It comes back with what is filled in, and gives no right to anything. */
export interface FormPlace {
  channelId: string;
  messageTs?: string | undefined;
}

/** A message that is to be put on an incident's timeline. */
export interface TimelineMessage {
  text: string;
  author?: string;
  permalink?: string;
}

/** What a form is about. */
export type Form =
  | { form: 'note' | 'update' | 'snooze'; incident?: string | undefined }
  | { form: 'change' }
  | { form: 'timeline'; message: TimelineMessage }
  | { form: 'approve' | 'refuse'; approvalId: string }
  | { form: 'answer'; question: Question }
  | { form: 'skip' | 'abort'; questionId: string }
  /** A parked step, to be tried again with another input. */
  | { form: 'retry'; question: Question; fields: readonly StepField[] }
  | {
      form: 'run';
      workflow: string;
      fields: readonly InputField[];
      incident?: string | undefined;
      /** What is known already. */
      input: Readonly<Record<string, string>>;
      reason?: string | undefined;
    };

const metadata = z.object({
  channelId: z.string().min(1).max(255),
  messageTs: z.string().min(1).max(255).optional(),
  incident: z.string().min(1).max(100).optional(),
  approvalId: z.string().min(1).max(255).optional(),
  questionId: z.string().min(1).max(255).optional(),
  workflow: z.string().min(1).max(200).optional(),
  message: z
    .object({
      text: z.string().min(1),
      author: z.string().exactOptional(),
      permalink: z.url().exactOptional(),
    })
    .optional(),
});

/** Names of forms and of fields, as Slack gives them back. */
const formPrefix = 'baton_';
const inputPrefix = 'input.';

/** The form of a modal that came back. */
export const isOurForm = ({ callbackId }: Submission): boolean =>
  /^baton_(note|update|snooze|change|timeline|approve|refuse|answer|skip|abort|retry|run)$/.test(callbackId);

export function formView(form: Form, place: FormPlace): Modal {
  const about = 'incident' in form && form.incident !== undefined ? { incident: form.incident } : {};
  const base = { callbackId: `${formPrefix}${form.form}`, metadata: { ...place, ...about } };
  switch (form.form) {
    case 'note':
      return modal({
        ...base,
        title: 'Add a note',
        submit: 'Add',
        intro: 'It is added to the incident in PagerDuty, under your name.',
        fields: [{ name: 'text', label: 'Note', multiline: true }],
      });
    case 'update':
      return modal({
        ...base,
        title: 'Status update',
        submit: 'Publish',
        intro: 'It is sent to all who follow the incident in PagerDuty, under your name.',
        fields: [{ name: 'text', label: 'What they are to know', multiline: true, most: longestUpdate }],
      });
    case 'snooze':
      return modal({
        ...base,
        title: 'Snooze the incident',
        submit: 'Snooze',
        intro: 'The incident rests for so long, then it pages again.',
        fields: [
          {
            name: 'for',
            label: 'For how long',
            hint: 'For instance 30m, 2h or 1d, at most 7d; or until 09:00',
          },
        ],
      });
    case 'change':
      return modal({
        ...base,
        title: 'Tell of a change',
        submit: 'Tell',
        fields: [
          { name: 'service', label: 'Service', hint: 'Its name or id in PagerDuty' },
          { name: 'text', label: 'What was changed', multiline: true },
          { name: 'link', label: 'Link', optional: true },
        ],
      });
    case 'timeline':
      return modal({
        ...base,
        metadata: { ...place, message: fitting(form.message) },
        title: 'Add to timeline',
        submit: 'Add',
        intro: form.message.text.length > 300 ? `${form.message.text.slice(0, 299)}…` : form.message.text,
        fields: [{ name: 'incident', label: 'Incident', hint: 'Its number or its id, such as #42' }],
      });
    case 'approve':
    case 'refuse':
      return modal({
        ...base,
        metadata: { ...place, approvalId: form.approvalId },
        title: form.form === 'approve' ? 'Approve' : 'Refuse',
        submit: form.form === 'approve' ? 'Approve' : 'Refuse',
        fields: [reasonField],
      });
    case 'answer': {
      const { id: questionId, summary, form: asked } = form.question;
      return modal({
        ...base,
        metadata: { ...place, questionId },
        title: 'Answer',
        submit: 'Answer',
        intro: `${summary} The first answer counts, and the run goes on by it at once.`,
        fields: fieldsOf(asked).map((field) => fieldOf(field, undefined)),
      });
    }
    case 'skip':
    case 'abort':
      return modal({
        ...base,
        metadata: { ...place, questionId: form.questionId },
        title: form.form === 'skip' ? 'Skip the step' : 'Abort the run',
        submit: form.form === 'skip' ? 'Skip' : 'Abort',
        intro: form.form === 'skip' ? 'The run goes on without the step.' : 'The run fails.',
        fields: [reasonField],
      });
    case 'retry': {
      const { id: questionId, summary } = form.question;
      return modal({
        ...base,
        metadata: { ...place, questionId },
        title: 'Retry',
        submit: 'Retry',
        intro: `${summary}. Change what is to be another one; what is left as it is stays what it was.`,
        fields: form.fields.map((field) => fieldOf(field, field.text)),
      });
    }
    case 'run':
      return modal({
        ...base,
        metadata: { ...place, ...about, workflow: form.workflow },
        title: 'Start a workflow',
        submit: 'Start',
        intro: form.workflow,
        fields: [
          ...form.fields.map((field) => fieldOf(field, form.input[field.name])),
          { ...reasonField, value: form.reason },
        ],
      });
  }
}

/** Slack takes 3 000 characters of what comes back with a form, and some are for where it was opened. */
const mostInMetadata = 2_500;

/** The message, its text cut to what Slack takes: the link leads to all of it. */
function fitting(message: TimelineMessage): TimelineMessage {
  let { text } = message;
  while (text.length > 1 && JSON.stringify({ ...message, text }).length > mostInMetadata)
    text = `${[...text].slice(0, Math.floor([...text].length * 0.9)).join('')}…`;
  return { ...message, text };
}

/** Operations take a reason no longer than that. */
const reasonField: Field = { name: 'reason', label: 'Why', multiline: true, most: 500 };

/** What a field takes, where its look does not tell. */
const wanted: Readonly<Record<InputField['type'], string | undefined>> = {
  text: undefined,
  longText: undefined,
  choice: undefined,
  boolean: undefined,
  number: 'a number',
  integer: 'a whole number',
  json: 'JSON',
};

function fieldOf(
  { name, label = name, type, required, description, choices, most }: InputField,
  value: string | undefined,
): Field {
  const hint = [description, wanted[type]];
  return {
    name: `${inputPrefix}${name}`,
    label,
    optional: !required,
    hint: hint.filter((part) => part !== undefined).join('; '),
    multiline: type === 'json' || type === 'longText',
    most,
    value,
    choices: type === 'boolean' ? ['yes', 'no'] : choices,
  };
}

/** What was asked for by a form, and where; or what is wrong in it, by field. Undefined: it is no form that Baton could have opened. */
export function readForm(
  { callbackId, privateMetadata, values }: Submission,
  known: {
    inputOf(workflow: string): readonly InputField[] | undefined;
    question: Question | undefined;
    /** Reads what was filled in of the step at which the question's run is parked. */
    step?: ((texts: Readonly<Record<string, string>>) => ReadOtherInput) | undefined;
  },
): { request: PersonRequest; place: FormPlace } | { errors: Record<string, string> } | undefined {
  const { data } = metadata.safeParse(jsonIn(privateMetadata));
  if (!data) return undefined;
  const { channelId, messageTs, incident, approvalId, questionId, workflow, message } = data;
  const place = { channelId, messageTs };
  const at = incident === undefined ? {} : { incident };
  const { text, reason, link, service } = values;
  const missing = (name: string) => ({ errors: { [name]: 'This is needed.' } });
  switch (callbackId.slice(formPrefix.length)) {
    case 'note':
    case 'update':
      if (text === undefined) return missing('text');
      return { request: { do: callbackId === 'baton_note' ? 'note' : 'update', text, ...at }, place };
    case 'snooze': {
      const rest = restOf(values.for ?? '');
      if (!rest)
        return { errors: { for: 'Write a time from 1m to 7d, such as 30m, 2h or 1d; or until 09:00.' } };
      return { request: { do: 'snooze', ...rest, ...at }, place };
    }
    case 'change': {
      if (service === undefined) return missing('service');
      if (text === undefined) return missing('text');
      if (link !== undefined && addressIn(link) === undefined)
        return { errors: { link: 'Write an address that begins with https://, or leave it empty.' } };
      return { request: { do: 'change', service, text, ...(link === undefined ? {} : { link }) }, place };
    }
    case 'timeline': {
      if (message === undefined) return undefined;
      const mark = markWritten(values.incident ?? '');
      if (mark === undefined) return { errors: { incident: 'Write its number or its id, such as #42.' } };
      return { request: { do: 'timeline', ...message, incident: mark }, place };
    }
    case 'approve':
    case 'refuse':
      if (approvalId === undefined) return undefined;
      if (reason === undefined) return missing('reason');
      return {
        request: { do: callbackId === 'baton_approve' ? 'approve' : 'refuse', approvalId, reason },
        place,
      };
    case 'answer': {
      const { question } = known;
      if (!question) return undefined;
      const read = readAnswer(question.form, filledIn(fieldsOf(question.form), values));
      if ('problems' in read) return errorsOf(read.problems);
      return { request: { do: 'answer', questionId: question.id, values: read.values }, place };
    }
    case 'skip':
    case 'abort':
      if (questionId === undefined) return undefined;
      if (reason === undefined) return missing('reason');
      return {
        request: {
          do: 'unpark',
          questionId,
          decision: callbackId === 'baton_skip' ? 'skip' : 'abort',
          reason,
        },
        place,
      };
    case 'retry': {
      if (questionId === undefined || !known.step) return undefined;
      const read = known.step(inputsIn(values));
      if ('problems' in read) return errorsOf(read.problems);
      const { input } = read;
      const other = Object.keys(input).length === 0 ? {} : { input };
      return { request: { do: 'unpark', questionId, decision: 'retry', ...other }, place };
    }
    case 'run': {
      const fields = workflow === undefined ? undefined : known.inputOf(workflow);
      if (workflow === undefined || !fields) return undefined;
      const input = filledIn(fields, values);
      const coerced = coerceTexts(input, fields);
      if ('problems' in coerced) return errorsOf(coerced.problems);
      if (reason === undefined) return missing('reason');
      return { request: { do: 'run', workflow, input, reason, ...at }, place };
    }
    default:
      return undefined;
  }
}

/** All that was filled in of an input. */
const inputsIn = (values: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      name.startsWith(inputPrefix) ? [[name.slice(inputPrefix.length), value]] : [],
    ),
  );

/** What was filled in, by the names of the fields. */
const filledIn = (fields: readonly InputField[], values: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    fields.flatMap(({ name }) => {
      const value = values[`${inputPrefix}${name}`];
      return value === undefined ? [] : [[name, value]];
    }),
  );

const errorsOf = (problems: Readonly<Record<string, string>>) => ({
  errors: Object.fromEntries(
    Object.entries(problems).map(([name, problem]) => [`${inputPrefix}${name}`, `It ${problem}.`]),
  ),
});

/** The question that has to be read for a form. Undefined: it is another form, or cannot be read. */
export const questionOf = ({ callbackId, privateMetadata }: Submission): string | undefined =>
  callbackId === `${formPrefix}answer` || callbackId === `${formPrefix}retry`
    ? metadata.safeParse(jsonIn(privateMetadata)).data?.questionId
    : undefined;

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
