import { createHash } from 'node:crypto';
import { ApplicationFailure, activityInfo } from '@temporalio/activity';
import { callbackId } from '../domain/callback.ts';
import type { Authority } from '../secrets/authority.ts';
import type { Store } from '../store/store.ts';
import type { CallbackActivities } from '../workflows/kit/callback-activities.ts';
import type { CauseOfCall } from './authority.ts';

/** The engine's own activities that callbacks need. The store gets the hash of the token, and the run neither. */
export function callbackActivities(
  store: Pick<Store, 'openCallback' | 'findCallback' | 'closeCallback'>,
  authority: Pick<Authority, 'callbackToken'>,
): CallbackActivities {
  const runOf = () => activityInfo().workflowExecution?.workflowId ?? '';
  const isOwn = (id: string) => id.startsWith(`${runOf()}#callback#`);
  return {
    async openCallback({ number, schema }, cause?: CauseOfCall) {
      if (!cause)
        throw ApplicationFailure.nonRetryable(
          'Nothing is waited for: the run was not started by a server of Baton',
          'NotAuthorized',
        );
      const runId = runOf();
      const id = callbackId(runId, number);
      const tokenHash = createHash('sha256').update(authority.callbackToken(id)).digest('base64url');
      const { subject } = cause;
      return store.openCallback({
        id,
        runId,
        schema,
        tokenHash,
        ...(subject === undefined ? {} : { subject }),
      });
    },
    findCallback: async ({ id }) => (isOwn(id) ? store.findCallback(id) : undefined),
    closeCallback: async ({ id, because }) => (isOwn(id) ? store.closeCallback(id, because) : undefined),
  };
}
