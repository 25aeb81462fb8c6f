import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { elsewhere, isShownAt } from './answer-approval.ts';
import { ask } from './ask.ts';

const answered = z.object({ summary: z.string(), subject: z.string().exactOptional(), said: z.string() });
const inverse = { none: 'an answer stands' } as const;

/**
 * As by `baton questions answer`: in somebody's name, once. Who may answer, with what, and whether it still counts, the operation says; a
 * `refusal` is an answer. `message`: where the button stands that was pressed, which must be a message about this very question.
 */
export const answerBatonQuestion = defineActivity({
  name: 'answerBatonQuestion',
  kind: 'change',
  provider: 'baton',
  summary: 'Answers, in somebody’s name, a question that a run asks',
  permissions: ['questions.answer'],
  input: z.object({
    connection: connectionName,
    actor,
    // As long as the value of a button may be, so that any that was made up is refused in the same words.
    questionId: z.string().min(1).max(500),
    values: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    message: z.object({ channelId: z.string(), ts: z.string() }).optional(),
  }),
  output: z.object({
    changed: z.boolean(),
    refusal: z.string().optional(),
    summary: z.string().optional().describe('What was asked'),
    said: z.string().optional().describe('The answer in words'),
    subject: z.string().optional().describe('The incident, where the run that asks has one'),
  }),
  example: { questionId: '2k7f0w9q4x1n8c5b3m6v0z7t4', values: { choice: 'eu-west-1' } },
  inverse,
  async look({ actor, questionId, values, message }, { baton }) {
    if (message && !isShownAt(message, await baton.findQuestion(questionId)))
      return { done: { changed: false, refusal: elsewhere('question') } };
    return {
      plan: {
        summary: `Answers question ${questionId} for ${actor?.name ?? 'nobody'}`,
        calls: [`questions.answer id=${questionId} values=${JSON.stringify(values)}`],
        values: {},
        inverse,
        output: { changed: true },
      },
    };
  },
  async act(_, { actor, questionId: id, values }, context) {
    const asked = { operation: 'questions.answer', input: { id, values }, by: actor };
    const result = await ask(context, asked, answered);
    return 'refusal' in result ? { changed: false, ...result } : { changed: true, ...result.answer };
  },
});
