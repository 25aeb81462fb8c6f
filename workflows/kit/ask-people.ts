import type { Duration } from '@temporalio/common';
import { ApplicationFailure } from '@temporalio/workflow';
import type { Approvers } from '../../domain/approval.ts';
import type { AnswerForm, AnswerValues, FormField, Option, QuestionAnswer } from '../../domain/question.ts';
import { choiceField, readAnswer, whoMayAnswer } from '../../domain/question.ts';
import { oneLine } from '../../domain/text.ts';
import { askAndWait, type OnExpire, secondsOf, unansweredFor } from './ask-approval.ts';
import { record } from './record.ts';
import { engine, isLooking } from './run.ts';

/** How a question is asked. */
interface Asks {
  /** In one sentence. */
  question: string;
  /** Whose answer is wanted: looked up at the answer. `{}`: whoever may answer questions in Baton. */
  asked: Approvers;
  /** After this no answer is taken any more. */
  expiresIn: Duration;
  /** What follows when nobody has answered by then. Left out, or `none`: the run goes on and knows it. */
  onExpire?: OnExpire<'none'>;
  /** A channel of Slack to show it in. Left out: the incident's room, else each who is asked by a direct message. */
  channelId?: string;
}

/** Who has answered, when and by which door. */
export interface Answered {
  /** As people are called. */
  answeredBy: string;
  at: string;
  via: QuestionAnswer['via'];
  reason?: string;
}

/** Nobody has answered in time. */
export interface Unanswered {
  expired: true;
}

/** Asks people to choose one of some options. `assume`: the choice with which a run that only looks goes on; left out: as if nobody answered. */
export async function askChoice<const Value extends string>({
  options,
  assume,
  ...asks
}: Asks & { options: readonly (Option & { value: Value })[]; assume?: NoInfer<Value> }): Promise<
  ({ choice: Value } & Answered) | Unanswered
> {
  const assumed = assume === undefined ? undefined : { [choiceField]: assume };
  const answer = await ask(asks, { options }, assumed);
  if (!answer) return { expired: true };
  // One of them: the door has read the answer by these options.
  return { choice: answer.values[choiceField] as Value, ...answeredOf(answer) };
}

type ValueOf<Field extends FormField> = Field['type'] extends 'number' | 'integer'
  ? number
  : Field['type'] extends 'boolean'
    ? boolean
    : Field extends { choices: readonly (infer Choice)[] }
      ? Choice
      : string;

/** What a form is filled in with: a value for each field that is required, and for others where there is one. */
export type ValuesOf<Fields extends readonly FormField[]> = {
  [Field in Fields[number] as Field['name']]:
    | ValueOf<Field>
    | (Field['required'] extends true ? never : undefined);
};

/** Asks people to fill in a form. `assume`: what a run that only looks goes on with; left out: as if nobody answered. */
export async function askForm<const Fields extends readonly FormField[]>({
  fields,
  assume,
  ...asks
}: Asks & { fields: Fields; assume?: AnswerValues }): Promise<
  ({ values: ValuesOf<Fields> } & Answered) | Unanswered
> {
  const answer = await ask(asks, { fields }, assume);
  if (!answer) return { expired: true };
  // Read by these fields, as above.
  return { values: answer.values as ValuesOf<Fields>, ...answeredOf(answer) };
}

const answeredOf = ({ name: answeredBy, at, via, reason }: QuestionAnswer): Answered => ({
  answeredBy,
  at,
  via,
  ...(reason === undefined ? {} : { reason }),
});

/** The answer; undefined where nobody has given one in time. */
async function ask(
  asks: Asks,
  form: AnswerForm,
  assume: AnswerValues | undefined,
): Promise<QuestionAnswer | undefined> {
  const { question: summary, asked: approvers, expiresIn, onExpire = 'none', channelId } = asks;
  if (isLooking()) return assumed(summary, form, assume);
  const closed = await askAndWait({
    ask: (number) =>
      engine.askQuestion({
        number,
        summary,
        form,
        approvers,
        expiresInSeconds: secondsOf(expiresIn),
        ...(channelId === undefined ? {} : { channelId }),
      }),
    find: engine.findQuestion,
    close: engine.closeQuestion,
    remind: engine.remindOfQuestion,
    unanswered: unansweredFor(asks, (others) => whoMayAnswer({ approvers: others })),
    lost: 'QuestionLost',
  });
  const [answer] = closed.answers;
  if (answer) return answer;
  if (typeof onExpire === 'object') {
    const { ask: others, expiresIn: time = expiresIn, then: afterwards = 'none' } = onExpire;
    return ask({ ...asks, asked: others, expiresIn: time, onExpire: afterwards }, form, assume);
  }
  if (onExpire === 'page')
    throw ApplicationFailure.nonRetryable(`Nobody answered in time: ${summary}`, 'QuestionExpired');
  return undefined;
}

/** A run that only looks asks nobody, and no answer is invented: it goes on with the one that it states itself. */
async function assumed(
  summary: string,
  form: AnswerForm,
  assume: AnswerValues | undefined,
): Promise<QuestionAnswer | undefined> {
  const read = assume && readAnswer(form, assume);
  if (read && 'problems' in read)
    throw ApplicationFailure.nonRetryable(
      `What is assumed is no answer: ${Object.entries(read.problems)
        .map((each) => each.join(' '))
        .join('; ')}`,
      'InvalidInput',
    );
  const goesOn = read ? `with ${JSON.stringify(read.values)}` : 'as if nobody answered';
  await record(oneLine(`Would ask: ${summary} The run goes on ${goesOn}.`));
  if (!read) return undefined;
  const at = new Date().toISOString();
  return { by: 'baton', name: 'nobody (the run only looks)', via: 'api', at, values: read.values };
}
