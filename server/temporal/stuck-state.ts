import type { Client } from '@temporalio/client';
import { decodeOptionalFailureToOptionalError } from '@temporalio/common/lib/internal-non-workflow/codec-helpers.js';
import type { RunStuck } from '../../domain/run.ts';

/** A task that failed so often does not fail by chance; a worker that dies costs one or two. */
const failedAttempts = 3;
/** Workers take a task within milliseconds; one that nobody takes for so long has no worker. */
const untakenMilliseconds = 60_000;
const eventsRead = 20;
/** Temporal's number for a history that the code cannot follow. */
const nonDeterministic = 24;

/** Why a live run cannot go on, as Temporal tells it; undefined where it can. */
export async function stuckIn(
  workflowId: string,
  client: Client,
  namespace: string,
): Promise<Pick<RunStuck, 'reason' | 'message'> | undefined> {
  const { raw, status } = await client.workflow.getHandle(workflowId).describe();
  const task = raw.pendingWorkflowTask;
  if (status.name !== 'RUNNING' || !task) return undefined;
  if ((task.attempt ?? 0) >= failedAttempts) return lastFailure(workflowId, client, namespace);
  const scheduled = Number(task.originalScheduledTime?.seconds ?? 0) * 1_000;
  if (task.startedTime || scheduled === 0 || Date.now() - scheduled < untakenMilliseconds) return undefined;
  return { reason: 'NoWorker', message: 'no worker takes its next step: are workers running?' };
}

/** Only the first of several failures is in the history; the later ones have the same cause. */
async function lastFailure(
  workflowId: string,
  client: Client,
  namespace: string,
): Promise<Pick<RunStuck, 'reason' | 'message'> | undefined> {
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace,
    execution: { workflowId },
    maximumPageSize: eventsRead,
  });
  const failed = history?.events?.find((event) => event.workflowTaskFailedEventAttributes);
  const { cause, failure } = failed?.workflowTaskFailedEventAttributes ?? {};
  // Where payloads are encrypted, its message is one.
  const said = await decodeOptionalFailureToOptionalError(client.options.loadedDataConverter, failure);
  const message = (said?.message ?? 'its workers take its next step and do not finish it').slice(0, 500);
  const isNonDeterminism = cause === nonDeterministic || message.includes('[TMPRL1100]');
  return { reason: isNonDeterminism ? 'NonDeterminism' : 'WorkflowTaskFailed', message };
}
