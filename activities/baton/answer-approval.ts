import { z } from 'zod';
import type { ApprovalMessage } from '../../domain/approval.ts';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { ask } from './ask.ts';

const decided = z.object({
  summary: z.string().exactOptional(),
  subject: z.string().exactOptional(),
  missing: z.int().exactOptional(),
});
const inverse = { none: 'an answer stands' } as const;

/**
 * As by `baton approvals approve`: in somebody's name, once. Who may answer, and whether it still counts, the operation says; a `refusal` is an
 * answer. `message`: where the button stands that was pressed, which must be a message about this very approval.
 */
export const answerBatonApproval = defineActivity({
  name: 'answerBatonApproval',
  kind: 'change',
  provider: 'baton',
  summary: 'Approves or refuses, in somebody’s name, what a run waits for',
  permissions: ['approvals.decide'],
  input: z.object({
    connection: connectionName,
    actor,
    // As long as the value of a button may be, so that any that was made up is refused in the same words.
    approvalId: z.string().min(1).max(500),
    decision: z.enum(['approve', 'refuse']),
    reason: z.string().min(1).max(500).optional(),
    message: z.object({ channelId: z.string(), ts: z.string() }).optional(),
  }),
  output: z.object({
    changed: z.boolean(),
    refusal: z.string().optional(),
    summary: z.string().optional().describe('What it is about'),
    subject: z.string().optional().describe('The incident, where the run that asks has one'),
    missing: z.int().optional().describe('So many more people have to approve'),
  }),
  example: { approvalId: '0f3k9s1d2m7q8w5e6r4t1y2u3', decision: 'approve' },
  inverse,
  async look({ actor, approvalId, decision, reason, message }, { baton }) {
    if (message && !isShownAt(message, await baton.findApproval(approvalId)))
      return { done: { changed: false, refusal: elsewhere('approval') } };
    return {
      plan: {
        summary: `Answers approval ${approvalId} for ${actor?.name ?? 'nobody'}: ${decision}`,
        calls: [
          `approvals.${decision} id=${approvalId}${reason === undefined ? '' : ` reason=${JSON.stringify(reason)}`}`,
        ],
        values: {},
        inverse,
        output: { changed: true },
      },
    };
  },
  async act(_, { actor, approvalId, decision, reason }, context) {
    const input = { id: approvalId, ...(reason === undefined ? {} : { reason }) };
    const result = await ask(context, { operation: `approvals.${decision}`, input, by: actor }, decided);
    return 'refusal' in result ? { changed: false, ...result } : { changed: true, ...result.answer };
  },
});

/** The same words for one that there is not: whoever guesses ids learns nothing. */
export const elsewhere = (what: 'approval' | 'question') =>
  `the button does not stand on a message about that ${what}. Press it on the message that Baton has posted`;

/** Whether it is shown in this message. */
export const isShownAt = (
  { channelId, ts }: ApprovalMessage,
  asked: { messages: readonly ApprovalMessage[] } | undefined,
): boolean => asked?.messages.some((shown) => shown.channelId === channelId && shown.ts === ts) ?? false;
