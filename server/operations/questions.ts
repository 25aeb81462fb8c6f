import { z } from 'zod';
import { answerLines, isParked, type Question, readAnswer, whoMayAnswer } from '../../domain/question.ts';
import { actorOf } from '../../domain/rights.ts';
import { oneLine } from '../../domain/text.ts';
import type { QuestionAnswered } from '../../store/asked/questions.ts';
import { Refusal } from '../refusal.ts';
import { answerCheck, askedFilter, askedInput, isResolved, isTakenUp, mayAnswer } from './answering.ts';
import { approversShape } from './approval-shapes.ts';
import { canNow, canShape } from './can.ts';
import { defineOperation, doorOfAnswer, type OperationContext } from './operation.ts';
import { answered, pageOutput } from './page.ts';
import {
  formShape,
  parkedShape,
  questionAnswerShape,
  questionStates,
  valuesShape,
} from './question-shapes.ts';
import { isOfMine } from './scope.ts';

const listedShape = z.object({
  id: z.string(),
  state: z.enum(questionStates),
  summary: z.string().describe('What is asked'),
  isParked: z.literal(true).exactOptional().describe('It asks what becomes of a parked run'),
  subject: z.string().exactOptional().describe('The incident, where its run has one'),
  runId: z.string(),
  workflow: z.string(),
  askedAt: z.string(),
  expiresAt: z.string(),
  closedAt: z.string().exactOptional(),
  can: canShape,
});

const questionShape = listedShape
  .extend({
    trigger: z.string(),
    form: formShape.describe('What an answer is'),
    parked: parkedShape
      .exactOptional()
      .describe('The step at which the run is parked: what becomes of it is decided by runs.unpark'),
    approvers: approversShape.describe('Whom it asks'),
    whoMay: z.string().describe('The same in words. Who is on a list is looked up at the answer'),
    requestedBy: z.array(z.string()).readonly().describe('Who has asked for the run: they may answer too'),
    answers: z.array(questionAnswerShape).readonly().describe('The one answer, once there is one'),
    messages: z
      .array(z.object({ channelId: z.string(), ts: z.string() }))
      .readonly()
      .describe('Where Slack shows it'),
    closedBecause: z.string().exactOptional(),
  })
  .meta({ id: 'Question' });

async function listed(question: Question, context: OperationContext, check = answerCheck(context)) {
  const mayNow = async () => {
    if (isParked(question)) throw isForUnpark(question);
    if (question.state !== 'pending') throw ended(question);
    await check({ ...question, requesterMayApprove: true });
  };
  return {
    ...question,
    ...(isParked(question) ? { isParked: true as const } : {}),
    can: { answer: await canNow(answerQuestion, context.principal, mayNow) },
  };
}

const shown = async (question: Question, context: OperationContext) => ({
  ...(await listed(question, context)),
  whoMay: whoMayAnswer(question),
});

export const listQuestions = defineOperation({
  name: 'questions.list',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /questions',
  summary: 'What runs ask people, beside approvals, newest first',
  within: ['workflows', 'services'],
  input: z.strictObject({
    state: z.enum([...questionStates, 'any']).default('pending'),
    ...askedInput,
  }),
  output: pageOutput(listedShape),
  async run(input, context) {
    const list = { name: 'questions.list', input, context };
    const page = await context.store.pageOfQuestions(askedFilter(list));
    const check = answerCheck(context);
    const items = await Promise.all(page.items.map((each) => listed(each, context, check)));
    return answered(list, { ...page, items }, (row) => row);
  },
});

const idOfQuestion = { id: z.string().min(1).max(100) };

export const showQuestion = defineOperation({
  name: 'questions.show',
  kind: 'read',
  right: 'incidents.read',
  route: 'GET /questions/{id}',
  summary: 'A question: what an answer needs, who may give it, and who has',
  within: ['workflows', 'services'],
  input: z.strictObject(idOfQuestion),
  output: questionShape,
  run: async ({ id }, context) => shown(await findQuestion(id, context), context),
});

/** Unknown and not within somebody's scope are one: an id alone tells nothing. */
export async function findQuestion(id: string, context: OperationContext): Promise<Question> {
  const question = await context.store.findQuestion(id);
  if (question && (await isOfMine(question, context))) return question;
  throw unknown(id);
}

const unknown = (id: string) =>
  new Refusal(404, 'No such question', `There is no question ${id}. questions.list tells those that wait.`);

export const answerQuestion = defineOperation({
  name: 'questions.answer',
  kind: 'change',
  right: 'questions.answer',
  route: 'POST /questions/{id}/answer',
  summary: 'Answers what a run asks. The first answer counts, and the run goes on by it',
  within: ['workflows', 'services'],
  input: z.strictObject({
    ...idOfQuestion,
    values: valuesShape.describe('choice=<value> of a question with options, else a value for each field'),
    reason: z.string().trim().min(1).max(500).optional().describe('Why, for those who read the record'),
  }),
  output: z.object({
    id: z.string(),
    state: z.enum(questionStates),
    summary: z.string(),
    subject: z.string().exactOptional(),
    runId: z.string(),
    values: valuesShape,
    said: z.string().describe('The answer in words'),
    name: z.string().describe('Whose answer it is'),
    at: z.string(),
    takenUp: z.boolean().describe('The run goes on by it already. False: it learns of it soon'),
  }),
  subject: ({ id }, output) => output?.subject ?? id,
  writesOwnLine: true,
  async run({ id, values, reason }, context) {
    const { store, principal, via } = context;
    const asked = await findQuestion(id, context);
    if (isParked(asked)) throw isForUnpark(asked);
    if (asked.state !== 'pending') throw ended(asked);
    const { name, alsoKnownAs } = await mayAnswer({ ...asked, requesterMayApprove: true }, context);
    const read = readAnswer(asked.form, values);
    if ('problems' in read) throw unfit(read.problems);
    const given = await store.answerQuestion(id, {
      by: actorOf(principal),
      ...(alsoKnownAs.length === 0 ? {} : { alsoKnownAs }),
      name,
      via: doorOfAnswer(via),
      values: read.values,
      ...(reason === undefined ? {} : { reason }),
    });
    if (!given) throw unknown(id);
    if (given.outcome !== 'decided') throw notTaken(given);
    const { state, summary, subject, runId, form, closedAt = '' } = given.question;
    return {
      id,
      state,
      summary,
      ...(subject === undefined ? {} : { subject }),
      runId,
      values: read.values,
      said: answerLines(form, { values: read.values }).join('; '),
      name,
      at: closedAt,
      takenUp: await isTakenUp({ id, runId }, context),
    };
  },
});

/** It needs another right, and is checked in another way. */
const isForUnpark = ({ runId }: Question) =>
  new Refusal(
    409,
    'A parked run',
    `Nothing was answered: what becomes of a parked run is decided by runs.unpark, as in baton runs unpark ${runId}.`,
  );

/** What was said is other people's words, and so are the names of fields that there are not. */
const unfit = (problems: Readonly<Record<string, string>>) =>
  new Refusal(
    400,
    'Unfit answer',
    oneLine(
      `Nothing was answered: ${Object.entries(problems)
        .map(([name, problem]) => `${name.slice(0, 60)} ${problem}`)
        .join('; ')}.`,
    ),
  );

/** Why an answer was not taken, and nothing was done. */
export const notTaken = (said: QuestionAnswered): Refusal =>
  said.outcome === 'resolved' ? isResolved(said.by) : ended(said.question);

/** One that takes no answer any more: who, when and where, or why. */
export function ended({
  state,
  form,
  answers: [answer],
  closedAt = '',
  closedBecause = '',
}: Question): Refusal {
  const why = oneLine(closedBecause);
  if (answer) {
    const { name, at, via } = answer;
    const said = oneLine(`by ${name} at ${at}, by ${via}: ${answerLines(form, answer).join('; ')}`);
    return new Refusal(409, 'Answered', `It was answered ${said}. Nothing was done.`);
  }
  return state === 'expired'
    ? new Refusal(409, 'Expired', `It expired at ${closedAt}, and nothing was done: ${why}.`)
    : new Refusal(409, 'Withdrawn', `It was withdrawn at ${closedAt}: ${why}.`);
}
