import { ApplicationFailure, activityInfo } from '@temporalio/activity';
import { type ParkedStep, parkedSummary, parkForm } from '../domain/park.ts';
import { problemOf, type Question } from '../domain/question.ts';
import { scrubValue } from '../secrets/scrub.ts';
import { waitingDelivery } from '../store/asked/question-lines.ts';
import type { Store } from '../store/store.ts';
import type { Parking, QuestionActivities, QuestionAsking } from '../workflows/kit/asking-activities.ts';
import { askerOf, askOnce, isOwn, problemOfAsking } from './approvals.ts';
import type { CauseOfCall } from './authority.ts';
import { digestOf, keyByApproval, keyOfCall } from './identity.ts';

/** What people see. */
type Shown = Pick<Question, 'summary' | 'form' | 'parked'>;

/** The engine's own activities that questions need. Whose run it is, is what the signed cause says. */
export function questionActivities(store: Store, scrub: (text: string) => string): QuestionActivities {
  async function ask(
    { number, ...asking }: Omit<QuestionAsking, 'summary' | 'form'>,
    shown: Shown,
    cause: CauseOfCall | undefined,
  ): Promise<Question> {
    if (!cause)
      throw ApplicationFailure.nonRetryable(
        'Nobody is asked: the run was not started by a server of Baton',
        'NotAuthorized',
      );
    const problem = problemOf(shown) ?? problemOfAsking(asking);
    if (problem) throw ApplicationFailure.nonRetryable(`Nobody is asked: ${problem}`, 'InvalidInput');
    const request = { ...asking, ...shown, digest: digestOf(shown), ...askerOf(cause) };
    return askOnce(`${request.runId}#${number}`, request.digest, {
      ask: (key) => store.askQuestion({ ...request, key }),
      replace: (id) => store.closeQuestion(id, 'withdrawn', 'something else is asked in its place'),
    });
  }

  return {
    async askQuestion({ summary, form, ...asking }: QuestionAsking, cause?: CauseOfCall) {
      // What people see: a secret in it is masked, and then perhaps no value that anybody could answer.
      return ask(asking, scrubValue({ summary, form }, scrub) as Shown, cause);
    },

    async parkStep({ step, input, failure, calls, ...asking }: Parking, cause?: CauseOfCall) {
      const effects = effectsOf(step, input, calls);
      const uncertainSince = await store.mayBeMadeSince(effects);
      const parked: ParkedStep = {
        ...(scrubValue({ step, input, failure }, scrub) as Pick<ParkedStep, 'step' | 'input' | 'failure'>),
        effects,
        ...(uncertainSince === undefined ? {} : { uncertainSince }),
      };
      return ask(asking, { summary: parkedSummary(parked), form: parkForm(parked), parked }, cause);
    },

    findQuestion: ({ id }) => store.findQuestion(id),

    async closeQuestion({ id, state, because }, cause?: CauseOfCall) {
      const kept = await store.findQuestion(id);
      return cause && isOwn(kept) ? store.closeQuestion(id, state, scrub(because)) : kept;
    },

    async remindOfQuestion({ id, reminder }, cause?: CauseOfCall) {
      const kept = await store.findQuestion(id);
      if (!cause || !isOwn(kept) || kept.state !== 'pending') return;
      const told = { ...kept, summary: scrub(kept.summary) };
      await store.receive({ ...waitingDelivery(told, reminder, new Date().toISOString()), leave: true });
    },

    async showedQuestion({ id, ...message }, cause?: CauseOfCall) {
      if (cause) await store.showedQuestion(id, message);
    },
  };
}

/** The keys of the effects that the calls of a step have, or would have. */
function effectsOf(step: string, input: unknown, { number, approvals }: Parking['calls']): string[] {
  const runId = activityInfo().workflowExecution?.workflowId ?? '';
  const digest = digestOf(input);
  return [
    ...(number === undefined ? [] : [keyOfCall(runId, step, number)]),
    ...approvals.map((approvalId) => keyByApproval(runId, step, approvalId, digest)),
  ];
}
