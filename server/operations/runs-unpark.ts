import { z } from 'zod';
import { type OtherInput, parkDecisions } from '../../domain/park.ts';
import { answerLines, choiceField, isParked, type ParkedQuestion } from '../../domain/question.ts';
import { actorOf } from '../../domain/rights.ts';
import { oneLine } from '../../domain/text.ts';
import { checkOtherInput } from '../other-input.ts';
import { Refusal } from '../refusal.ts';
import { isTakenUp, mayAnswer } from './answering.ts';
import { defineOperation, doorOfAnswer, type OperationContext } from './operation.ts';
import { ended, findQuestion, notTaken } from './questions.ts';
import { findRun } from './scope.ts';
import { idInput } from './shapes.ts';

export const unparkRun = defineOperation({
  name: 'runs.unpark',
  kind: 'change',
  right: 'runs.unpark',
  route: 'POST /runs/{+id}/unpark',
  summary:
    'Decides about a parked run, whose step has failed for good: try the step again, skip it, or let the run fail. The first decision counts',
  within: ['workflows', 'services'],
  input: z.strictObject({
    id: idInput.describe('`<trigger>/<incident>`, as it stands in lists'),
    decision: z.enum(parkDecisions),
    input: z
      .record(z.string(), z.unknown())
      .optional()
      .describe(
        'Of a retry: what takes the place of the input of the step, by field; null takes a field away. Left out: the same input',
      ),
    reason: z
      .string()
      .trim()
      .min(1)
      .max(500)
      .optional()
      .describe('Why, for those who read the record. Needed to skip and to abort'),
    question: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .describe(
        'What is decided, where the run is parked at several steps at once: questions.list tells them',
      ),
  }),
  output: z.object({
    id: z.string(),
    question: z.string(),
    step: z.string(),
    decision: z.enum(parkDecisions),
    said: z.string().describe('The decision in words'),
    subject: z.string().exactOptional(),
    name: z.string().describe('Whose decision it is'),
    at: z.string(),
    takenUp: z.boolean().describe('The run goes on by it already. False: it learns of it soon'),
  }),
  subject: ({ id }, output) => output?.subject ?? id,
  writesOwnLine: true,
  async run({ id, decision, input, reason, question }, context) {
    const { store, principal, via } = context;
    const { id: runId } = await findRun(id, context);
    const asked = await findParked(runId, question, context);
    if (asked.state !== 'pending') throw ended(asked);
    const { name, alsoKnownAs } = await mayAnswer({ ...asked, requesterMayApprove: true }, context);
    if (decision !== 'retry' && reason === undefined)
      throw new Refusal(400, 'No reason', `To ${decision} takes a reason, for those who read the record.`);
    const other = input === undefined ? {} : await checked(asked, decision, input, context);
    const values = { [choiceField]: decision };
    const given = await store.answerQuestion(asked.id, {
      by: actorOf(principal),
      ...(alsoKnownAs.length === 0 ? {} : { alsoKnownAs }),
      name,
      via: doorOfAnswer(via),
      values,
      ...other,
      ...(reason === undefined ? {} : { reason }),
    });
    if (!given) throw notParked(runId);
    if (given.outcome !== 'decided') throw notTaken(given);
    const { subject, form, closedAt = '', answers } = given.question;
    return {
      id: runId,
      question: asked.id,
      step: asked.parked.step,
      decision,
      said: answers.flatMap((answer) => answerLines(form, answer)).join('; '),
      ...(subject === undefined ? {} : { subject }),
      name,
      at: closedAt,
      takenUp: await isTakenUp({ id: asked.id, runId }, context),
    };
  },
});

/** The question by which it is decided: the one that is named, else the one that waits, else the last one that there was. */
async function findParked(
  runId: string,
  named: string | undefined,
  context: OperationContext,
): Promise<ParkedQuestion> {
  if (named !== undefined) {
    const question = await findQuestion(named, context);
    if (question.runId !== runId || !isParked(question)) throw notParked(runId);
    return question;
  }
  const waiting = await context.store.parkedSteps([runId]);
  const [first, second] = waiting;
  if (second)
    throw new Refusal(
      409,
      'Which step',
      `The run ${runId} is parked at several steps. Name one as the question: ${waiting
        .map(({ id, parked }) => `${id} (${parked.step})`)
        .join(', ')}.`,
    );
  const { items } = first ? { items: [] } : await context.store.pageOfQuestions({ run: runId, limit: 100 });
  const found = first ?? items.find(isParked);
  if (!found) throw notParked(runId);
  return found;
}

const notParked = (runId: string) =>
  new Refusal(409, 'Not parked', `The run ${runId} is not parked, so there is nothing to decide.`);

/** What the step is tried with instead. What may have been made is not made with another input: it could then be there twice. */
async function checked(
  { parked }: ParkedQuestion,
  decision: string,
  input: OtherInput,
  { store, activities }: OperationContext,
): Promise<{ input: OtherInput }> {
  const { step } = parked;
  if (decision !== 'retry')
    throw new Refusal(400, 'Bad input', `Another input goes with retry alone, and not with ${decision}.`);
  const since = parked.uncertainSince ?? (await store.mayBeMadeSince(parked.effects));
  if (since !== undefined)
    throw new Refusal(
      409,
      'Outcome not known',
      `${step} may have been made already, by an attempt that began at ${since}: with another input it could be made twice. Nothing was decided. Retry it with the same input, which looks first; or skip it, or abort.`,
    );
  const activity = (await activities()).find(({ name }) => name === step);
  if (!activity)
    throw new Refusal(
      409,
      'No such step',
      `This server does not know ${step}, and so not what it takes. Retry it with the same input.`,
    );
  const read = checkOtherInput(activity, parked, input);
  if ('input' in read) return read;
  throw new Refusal(
    400,
    'Unfit input',
    oneLine(
      `Nothing was decided: ${Object.entries(read.problems)
        .map(([name, problem]) => `${name.slice(0, 60)} ${problem}`)
        .join('; ')}.`,
    ),
  );
}
