/**
 * A part of each run beside `run.ts`: a local activity that has begun is waited for, also by a run that is to end. If one has ended while Temporal's
 * SDK (its core, 0.7) renewed the workflow task, and the signal that came with the new task calls it off, the SDK takes that for a change of the
 * workflow's code: the task fails, and others after it. Those of Baton are short: a read may last two seconds, all others only write to the store.
 */
import {
  CancellationScope,
  type WorkflowInterceptorsFactory,
  type WorkflowOutboundCallsInterceptor,
} from '@temporalio/workflow';

const outbound: WorkflowOutboundCallsInterceptor = {
  scheduleLocalActivity(input, next) {
    const scope = CancellationScope.current();
    return scope.consideredCancelled
      ? scope.cancelRequested
      : CancellationScope.nonCancellable(() => next(input));
  },
};

export const interceptors: WorkflowInterceptorsFactory = () => ({ outbound: [outbound] });
