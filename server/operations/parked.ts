import { type ParkedQuestion, whoMayAnswer } from '../../domain/question.ts';
import type { RunRow } from '../../domain/run.ts';
import type { OperationContext } from './operation.ts';

/** Runs as they are shown, each with the steps at which it is parked. */
export async function withParked<Run extends RunRow>(
  runs: readonly Run[],
  { store }: Pick<OperationContext, 'store'>,
): Promise<(Run & { parked?: ReturnType<typeof shownParked>[] })[]> {
  const live = runs.filter(({ endedAt }) => endedAt === undefined);
  const waiting = await store.parkedSteps(live.map(({ id }) => id));
  return runs.map((run) => {
    const own = waiting.filter(({ runId }) => runId === run.id);
    return own.length === 0 ? run : { ...run, parked: own.map(shownParked) };
  });
}

const shownParked = (question: ParkedQuestion) => ({
  ...question.parked,
  question: question.id,
  whoMay: whoMayAnswer(question),
  askedAt: question.askedAt,
  expiresAt: question.expiresAt,
});
