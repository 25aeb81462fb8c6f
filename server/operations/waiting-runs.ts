import { whoMayApprove } from '../../domain/approval.ts';
import { isParked, type ParkedQuestion, type Question, whoMayAnswer } from '../../domain/question.ts';
import type { RunRow } from '../../domain/run.ts';
import { answerCheck } from './answering.ts';
import { type Can, canNow } from './can.ts';
import type { OperationContext } from './operation.ts';
import { checkStoppable, stopRun } from './runs-stop.ts';
import { unparkRun } from './runs-unpark.ts';

/** For what a live run waits, and until when. */
export interface WaitsFor {
  kind: 'approval' | 'answer' | 'parked';
  /** By which it is answered. */
  id: string;
  summary: string;
  whoMay: string;
  since: string;
  until: string;
}

type Shown<Run extends RunRow> = Run & {
  parked?: Awaited<ReturnType<typeof shownParked>>[];
  waitsFor?: WaitsFor[];
  can: Record<string, Can>;
};

/** Runs as they are shown: each with the steps at which it is parked, with what it waits for, and with what may be done about it. */
export async function withWaits<Run extends RunRow>(
  runs: readonly Run[],
  context: OperationContext,
): Promise<Shown<Run>[]> {
  const live = runs.filter(({ endedAt }) => endedAt === undefined).map(({ id }) => id);
  const [approvals, questions] = await Promise.all([
    context.store.pendingApprovals(live),
    context.store.pendingQuestions(live),
  ]);
  const check = answerCheck(context);
  return Promise.all(
    runs.map(async (run) => {
      const asked = questions.filter(({ runId }) => runId === run.id);
      const parked = await Promise.all(
        asked.filter(isParked).map((question) => shownParked(question, context, check)),
      );
      const waitsFor = [
        ...approvals
          .filter(({ runId }) => runId === run.id)
          .map((each) => waits('approval', each, whoMayApprove(each.approvers))),
        ...asked.map((each) => waits(isParked(each) ? 'parked' : 'answer', each, whoMayAnswer(each))),
      ];
      return {
        ...run,
        ...(parked.length === 0 ? {} : { parked }),
        ...(waitsFor.length === 0 ? {} : { waitsFor }),
        can: { cancel: await canNow(stopRun, context.principal, () => checkStoppable(run)) },
      };
    }),
  );
}

function waits(
  kind: WaitsFor['kind'],
  {
    id,
    summary,
    askedAt: since,
    expiresAt: until,
  }: Pick<Question, 'id' | 'summary' | 'askedAt' | 'expiresAt'>,
  whoMay: string,
): WaitsFor {
  return { kind, id, summary, whoMay, since, until };
}

async function shownParked(
  question: ParkedQuestion,
  context: OperationContext,
  check: ReturnType<typeof answerCheck>,
) {
  const can = await canNow(unparkRun, context.principal, () =>
    check({ ...question, requesterMayApprove: true }),
  );
  return {
    ...question.parked,
    question: question.id,
    whoMay: whoMayAnswer(question),
    askedAt: question.askedAt,
    expiresAt: question.expiresAt,
    can: { retry: can, skip: can, abort: can },
  };
}
