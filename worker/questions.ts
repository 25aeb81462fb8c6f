import { ApplicationFailure } from '@temporalio/activity';
import { problemOf } from '../domain/question.ts';
import { scrubValue } from '../secrets/scrub.ts';
import { waitingDelivery } from '../store/question-lines.ts';
import type { Store } from '../store/store.ts';
import type { QuestionActivities, QuestionAsking } from '../workflows/kit/asking-activities.ts';
import { askerOf, askOnce, isOwn, problemOfAsking } from './approvals.ts';
import type { CauseOfCall } from './authority.ts';
import { digestOf } from './identity.ts';

/** The engine's own activities that questions need. Whose run it is, is what the signed cause says. */
export function questionActivities(store: Store, scrub: (text: string) => string): QuestionActivities {
  return {
    async askQuestion({ number, ...asking }: QuestionAsking, cause?: CauseOfCall) {
      if (!cause)
        throw ApplicationFailure.nonRetryable(
          'Nobody is asked: the run was not started by a server of Baton',
          'NotAuthorized',
        );
      const { summary, form } = asking;
      // What people see: a secret in it is masked, and then perhaps no value that anybody could answer.
      const shown = scrubValue({ summary, form }, scrub) as { summary: string; form: typeof form };
      const problem = problemOf(shown) ?? problemOfAsking(asking);
      if (problem) throw ApplicationFailure.nonRetryable(`Nobody is asked: ${problem}`, 'InvalidInput');
      const request = { ...asking, ...shown, digest: digestOf(shown), ...askerOf(cause) };
      return askOnce(`${request.runId}#${number}`, request.digest, {
        ask: (key) => store.askQuestion({ ...request, key }),
        replace: (id) => store.closeQuestion(id, 'withdrawn', 'something else is asked in its place'),
      });
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
