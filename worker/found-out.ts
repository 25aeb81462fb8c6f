import type { FoundOut } from '../activities/baton.ts';
import { detailOf } from '../domain/record.ts';
import type { Store } from '../store/store.ts';

/** The record of an incident that is looked through: it is young. */
const mostLines = 2_000;

/** What has come of an incident with one trigger so far, by runs and record: what it has said to its beginning, and its run. */
export async function foundOut(
  subject: string,
  trigger: string,
  store: Pick<Store, 'situation' | 'readRecord'>,
): Promise<FoundOut> {
  const { runs } = await store.situation(subject);
  const run = runs.findLast((each) => each.trigger === trigger);
  if (run && (run.state === 'starting' || run.state === 'running'))
    return { heard: true, run: { id: run.id, state: run.state, steps: [] } };
  const lines = await store.readRecord({ subject, limit: mostLines });
  const answer = lines
    .flatMap((line) => {
      const told = detailOf(line, 'event.answered');
      return told?.type === 'pagerduty.incident.triggered' ? (told.answers ?? []) : [];
    })
    .findLast((each) => each.trigger === trigger);
  const heard = run !== undefined || lines.some(({ action }) => action === 'event.received');
  if (!run) return { heard, ...(answer ? { answer: { answer: answer.answer, reason: answer.reason } } : {}) };
  const { id, state, outcome, failure } = run;
  const steps = lines.flatMap((line) => {
    const step = detailOf(line, 'activity.completed') ?? detailOf(line, 'activity.planned');
    return step?.run === id && step.activity !== undefined ? [step.activity] : [];
  });
  return {
    heard,
    run: {
      id,
      state,
      ...(outcome === undefined ? {} : { outcome }),
      ...(failure ? { failure: `${failure.class}: ${failure.message}` } : {}),
      steps: [...new Set(steps)],
    },
  };
}
