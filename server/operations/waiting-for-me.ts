import { isParked } from '../../domain/question.ts';
import { answerCheck } from './answering.ts';
import { approveApproval } from './approvals.ts';
import { canNow } from './can.ts';
import type { OperationContext } from './operation.ts';
import { answerQuestion } from './questions.ts';
import { unparkRun } from './runs-unpark.ts';

/** Something that whoever asks may answer now. */
export interface ForMe {
  kind: 'approval' | 'answer' | 'parked';
  id: string;
  run: string;
  subject?: string;
  summary: string;
  until: string;
}

/** Of what waits, the newest of each kind is looked at. */
const lookedAt = 100;

/** What waits for whoever asks: by the same check as their answer. Nobody who may answer nothing is looked up. */
export async function waitingForMe(context: OperationContext): Promise<ForMe[]> {
  const { store, principal } = context;
  const pending = { ...principal.scope, state: 'pending', limit: lookedAt } as const;
  const [approvals, questions] = await Promise.all([
    store.pageOfApprovals(pending),
    store.pageOfQuestions(pending),
  ]);
  const all = [
    ...approvals.items.map((asked) => ({ kind: 'approval' as const, operation: approveApproval, asked })),
    ...questions.items.map((question) => ({
      kind: isParked(question) ? ('parked' as const) : ('answer' as const),
      operation: isParked(question) ? unparkRun : answerQuestion,
      asked: { ...question, requesterMayApprove: true },
    })),
  ];
  const check = answerCheck(context);
  const mine = await Promise.all(
    all.map(async ({ kind, operation, asked }): Promise<ForMe[]> => {
      const can = await canNow(operation, principal, () => check(asked));
      if (can !== true) return [];
      const { id, runId: run, subject, summary, expiresAt: until } = asked;
      return [{ kind, id, run, ...(subject === undefined ? {} : { subject }), summary, until }];
    }),
  );
  return mine.flat();
}
