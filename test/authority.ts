import { activityInfo } from '@temporalio/activity';
import { defaultPayloadConverter } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { RunCause } from '../domain/incident.ts';
import { authorityOf } from '../secrets/authority.ts';
import type { PayloadKeys } from '../secrets/payload-codec.ts';
import type { CallCause } from '../workflows/kit/call-headers.ts';
import type { RunMemo } from '../workflows/kit/run.ts';

/** The authority of the servers and workers of tests. */
const secretKey = 'the secret key of all the tests';
export const testAuthority = authorityOf(secretKey);
/** Their keys for what Temporal keeps, which is not encrypted. */
export const testKeys: PayloadKeys = { secretKey, formerSecretKeys: [], encrypts: false };

const cause: RunCause = {
  trigger: 'none',
  eventId: 'none',
  eventType: 'test.started',
  target: 'none',
  whenResolved: 'continue',
};

/** The memo of a run that a test starts by itself, so that it may make changes: `client.workflow.start(…, { memo: signedMemo(…) })`. */
export function signedMemo(
  { workflowId, workflow, input }: { workflowId: string; workflow: string; input: unknown },
  more: Partial<RunCause> = {},
): Record<string, unknown> {
  const own = { ...cause, ...more };
  const signature = testAuthority.sign({ runId: workflowId, workflow, input, cause: own });
  return { cause: own, signature } satisfies RunMemo;
}

/**
 * Stands before the worker's interceptors where an activity is called without a workflow: the call then has a signed cause. `forged` is
 * what the header says otherwise than what was signed, `beside` what it says besides.
 */
export const callsSigned =
  (more: Partial<RunCause> = {}, forged: object = {}, beside: object = {}): ActivityInterceptorsFactory =>
  () => ({
    inbound: {
      execute(call, next) {
        const { workflowExecution, workflowType: workflow = '' } = activityInfo();
        const own = { ...cause, ...more };
        const run = { runId: workflowExecution?.workflowId ?? '', workflow, input: {}, cause: own };
        const header: CallCause = {
          cause: { ...own, ...forged },
          input: {},
          signature: testAuthority.sign(run),
          ...beside,
        };
        return next({
          ...call,
          headers: { ...call.headers, baton: defaultPayloadConverter.toPayload(header) },
        });
      },
    },
  });

export const signedCalls = callsSigned();
