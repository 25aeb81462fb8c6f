import { z } from 'zod';
import { parkDecisions } from '../../domain/park.ts';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { elsewhere, isShownAt } from './answer-approval.ts';
import { ask } from './ask.ts';

const unparked = z.object({ step: z.string(), subject: z.string().exactOptional(), said: z.string() });
const inverse = { none: 'a decision stands' } as const;

/**
 * As by `baton runs unpark`: in somebody's name, once. Who may decide, and whether it still counts, the operation says; a `refusal` is an
 * answer. `message`: where the button stands that was pressed, which must be a message about this very step.
 */
export const unparkBatonRun = defineActivity({
  name: 'unparkBatonRun',
  kind: 'change',
  provider: 'baton',
  summary: 'Decides, in somebody’s name, what becomes of a parked run',
  permissions: ['runs.unpark'],
  input: z.object({
    connection: connectionName,
    actor,
    // As long as the value of a button may be, so that any that was made up is refused in the same words.
    questionId: z.string().min(1).max(500),
    decision: z.enum(parkDecisions),
    input: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('Of a retry: what takes the place of the input of the step'),
    reason: z.string().min(1).max(500).optional(),
    message: z.object({ channelId: z.string(), ts: z.string() }).optional(),
  }),
  output: z.object({
    changed: z.boolean(),
    refusal: z.string().optional(),
    step: z.string().optional(),
    said: z.string().optional().describe('The decision in words'),
    subject: z.string().optional().describe('The incident, where the run has one'),
  }),
  example: { questionId: '2k7f0w9q4x1n8c5b3m6v0z7t4', decision: 'skip', reason: 'the issue is made by hand' },
  inverse,
  async look({ actor, questionId, decision, message }, { baton }) {
    const question = await baton.findQuestion(questionId);
    if (!question?.parked || (message && !isShownAt(message, question)))
      return { done: { changed: false, refusal: elsewhere('question') } };
    return {
      plan: {
        summary: `Decides about ${question.parked.step} for ${actor?.name ?? 'nobody'}: ${decision}`,
        calls: [`runs.unpark id=${question.runId} question=${questionId} decision=${decision}`],
        values: { id: question.runId },
        inverse,
        output: { changed: true },
      },
    };
  },
  async act({ values: { id } }, { actor, questionId: question, decision, input, reason }, context) {
    const given = {
      id,
      question,
      decision,
      ...(input === undefined ? {} : { input }),
      ...(reason === undefined ? {} : { reason }),
    };
    const result = await ask(context, { operation: 'runs.unpark', input: given, by: actor }, unparked);
    return 'refusal' in result ? { changed: false, ...result } : { changed: true, ...result.answer };
  },
});
