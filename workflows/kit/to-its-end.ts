/**
 * A part of each run beside `run.ts`: a local activity that has begun is waited for, also by a run that is to end. If one has ended while Temporal's
 * SDK (its core, 0.7) renewed the workflow task, and the signal that came with the new task calls it off, the SDK takes that for a change of the
 * workflow's code: the task fails, and others after it. A read may last two seconds; what writes to the store lasts until the store answers, as
 * the report of a run's end does anyway.
 */
import {
  CancellationScope,
  type WorkflowInterceptorsFactory,
  type WorkflowOutboundCallsInterceptor,
} from '@temporalio/workflow';

const outbound: WorkflowOutboundCallsInterceptor = {
  async scheduleLocalActivity(input, next) {
    const scope = CancellationScope.current();
    if (scope.consideredCancelled) return scope.cancelRequested;
    try {
      return await CancellationScope.nonCancellable(() => next(input));
    } catch (error) {
      // Nobody waits for it any more, so its failure is none of the run's.
      if (scope.consideredCancelled) return scope.cancelRequested;
      throw error;
    }
  },
};

export const interceptors: WorkflowInterceptorsFactory = () => ({ outbound: [outbound] });
