import type { WorkflowHandle } from '@temporalio/client';
import type { AnyActivity } from '../../activities/activity.ts';
import { activities as shipped } from '../../activities/index.ts';
import type { RunCause } from '../../domain/incident.ts';
import type { Question, QuestionAnswer, QuestionEvent } from '../../domain/question.ts';
import { slackEnvironment } from '../../simulator/slack.ts';
import type { Store } from '../../store/store.ts';
import { startWorker } from '../../worker/worker.ts';
import { testAuthority } from '../authority.ts';
import { clientsFor } from '../clients.ts';
import { embeddedWorld } from '../store/world.ts';
import { startTimeSkipping, testBundle } from '../temporal.ts';
import { eventually } from '../world.ts';
import { startRun, tellRun } from './asking-runs.ts';

/** Runs that ask people what is no approval, where time is skipped, on a real store. No provider is there. */
export async function startQuestions(activities: readonly AnyActivity[] = shipped) {
  const temporal = await startTimeSkipping();
  const stored = await embeddedWorld();
  const store = stored.newStore();
  const bundle = testBundle();
  /** What was asked in Temporal's time, and for how many seconds. */
  const lasting = new Map<string, number>();
  const worker = await startWorker({
    connection: temporal.nativeConnection,
    namespace: 'default',
    bundle,
    store: inTemporalsTime(store),
    activities,
    clients: clientsFor(slackEnvironment('http://127.0.0.1:9')),
    simulated: [],
    scrub: (text) => text.replaceAll('hunter2', '[secret]'),
    authority: testAuthority,
  });

  /** The database's clock cannot skip time, so what it has asked and what is over goes by Temporal's. */
  function inTemporalsTime(kept: Store): Store {
    const setTimes = (id: string, expires: number, more: { asked_at?: Date } = {}) =>
      stored.db
        .updateTable('questions')
        .set({ expires_at: new Date(expires).toISOString(), ...more })
        .where('id', '=', id)
        .execute();
    return {
      ...kept,
      async askQuestion(request) {
        const question = await kept.askQuestion(request);
        if (lasting.has(question.id)) return question;
        const now = await temporal.currentTimeMs();
        await setTimes(question.id, now + request.expiresInSeconds * 1_000, { asked_at: new Date(now) });
        lasting.set(question.id, request.expiresInSeconds);
        return (await kept.findQuestion(question.id)) ?? question;
      },
      async closeQuestion(id, state, because) {
        const { expiresAt = '' } = (await kept.findQuestion(id)) ?? {};
        if (Date.parse(expiresAt) <= (await temporal.currentTimeMs())) await setTimes(id, Date.now() - 1_000);
        return kept.closeQuestion(id, state, because);
      },
    };
  }

  const asksOf = async (run: string): Promise<Question[]> =>
    (await store.pageOfQuestions({ run, limit: 50 })).items.toReversed();

  return {
    temporal,
    stored,
    store,
    bundle,
    start: <Input>(
      run: (input: Input) => Promise<string>,
      input: Input = {} as Input,
      cause: Partial<RunCause> = {},
    ) => startRun({ temporal, store }, 'region', run, input, cause),
    asksOf,
    /** The question that the run asks as its `count`th, once it has. */
    asked: ({ workflowId }: WorkflowHandle, count = 1) =>
      eventually('the run to ask', async () => {
        const found = (await asksOf(workflowId)).at(count - 1);
        // Read once more: the first look may have come before its times were set.
        return found && lasting.has(found.id) ? (await asksOf(workflowId)).at(count - 1) : undefined;
      }),
    /** Somebody answers, and the run is told by the event. */
    async answer(
      run: WorkflowHandle,
      { id, summary }: Question,
      values: QuestionAnswer['values'],
      more: Pick<QuestionAnswer, 'input'> = {},
    ): Promise<void> {
      const by = { by: 'person:ben@example.com', name: 'Ben', via: 'api' } as const;
      await store.answerQuestion(id, { ...by, values, reason: 'it is quiet there', ...more });
      const { workflowId: runId, workflowId: workflow } = run;
      const data: QuestionEvent = { questionId: id, runId, workflow, state: 'answered', summary };
      await tellRun(run, 'question.answered', data);
    },
    lastsFor: (question: Question | undefined) => question && lasting.get(question.id),
    /** What the run has said in the record. */
    saidOf: async ({ workflowId: subject }: WorkflowHandle) =>
      (await store.readRecord({ subject, limit: 99 })).flatMap(({ action, detail }) =>
        action === 'run.said' ? [detail.text] : [],
      ),
    async close() {
      await worker.stop();
      await store.close();
      await stored.close();
      await temporal.teardown();
    },
  };
}
