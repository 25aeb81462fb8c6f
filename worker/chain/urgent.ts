import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { waitsForItsTurn } from '../../activities/failures.ts';
import { urgently } from '../../activities/urgent.ts';
import { urgentPriorityKey } from '../../domain/urgency.ts';
import type { AnyLink } from './call.ts';

/** Whatever the call of an urgent run waits for, it waits for as such. */
export const urgentFirst: AnyLink = (call, next) => (call.urgent ? urgently(() => next(call)) : next(call));

/**
 * Lets a call that is sent away come back at once where its run has become urgent meanwhile. When a run is raised, Temporal tries again
 * what waits for a retry, but not what is under way. A short try needs none of this: its run waits itself, and hears of it.
 */
export const backOnceUrgent: AnyLink = async (call, next) => {
  try {
    return await next(call);
  } catch (error) {
    if (call.urgent || call.local || !waitsForItsTurn(error) || !(await isRunUrgent())) throw error;
    const { message, type, details } = error;
    throw ApplicationFailure.create({
      message,
      ...(type ? { type } : {}),
      ...(details ? { details } : {}),
      nextRetryDelay: 1,
    });
  }
};

/** As Temporal says now. What cannot be told is no. */
async function isRunUrgent(): Promise<boolean> {
  const { client, info } = Context.current();
  const { workflowId, runId } = info.workflowExecution ?? {};
  if (!workflowId) return false;
  try {
    const { priority } = await client.workflow.getHandle(workflowId, runId).describe();
    return priority?.priorityKey === urgentPriorityKey;
  } catch {
    return false;
  }
}
