import type { Waiting } from '../domain/waiting.ts';
import type { Store } from '../store/store.ts';

/** Of each kind the newest so many are looked through, whatever they are about. */
const mostLooked = 1_000;
/** A reason is one line among others. */
const mostLetters = 200;

/** What waits for people about these incidents. */
export async function waitingAbout(
  subjects: readonly string[],
  store: Pick<Store, 'pageOfApprovals' | 'pageOfQuestions' | 'listStuckRuns' | 'listEvents'>,
): Promise<Waiting[]> {
  const [approvals, questions, runs, events] = await Promise.all([
    store.pageOfApprovals({ state: 'pending', limit: mostLooked }),
    store.pageOfQuestions({ state: 'pending', limit: mostLooked }),
    store.listStuckRuns(mostLooked),
    store.listEvents({ disposition: 'parked', limit: mostLooked }),
  ]);
  const all = [
    ...approvals.items.map(({ subject, id, summary }) => ({
      subject,
      kind: 'approval' as const,
      id,
      why: summary,
    })),
    ...questions.items.map(({ subject, id, runId, summary, parked }) => ({
      subject,
      ...(parked ? { kind: 'parked' as const, id: runId } : { kind: 'question' as const, id }),
      why: summary,
    })),
    ...runs.map(({ subject, id, stuck }) => ({
      subject,
      kind: 'run' as const,
      id,
      why: stuck?.message ?? '',
    })),
    ...events.map(({ subject, seq, reason }) => ({
      subject,
      kind: 'event' as const,
      id: String(seq),
      why: reason ?? '',
    })),
  ];
  const wanted = new Set(subjects);
  return all.flatMap(({ subject, why, ...rest }) =>
    subject !== undefined && wanted.has(subject)
      ? [{ ...rest, subject, why: why.replaceAll(/\s+/g, ' ').slice(0, mostLetters) }]
      : [],
  );
}
