import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Event } from '../../domain/event.ts';
import { type Urgency, urgentPriorityKey } from '../../domain/urgency.ts';
import { callMilliseconds } from '../temporal/runs.ts';
import { isTemporalAway } from '../temporal/temporal-state.ts';
import { incidentOf } from './decide.ts';

/** Whether the incident that an event tells is urgent; undefined where it tells of none. */
export type UrgencyOf = (event: Event) => boolean | undefined;

/** By the policy of a team. Without one nothing is urgent. */
export const urgencyBy =
  (policy: Urgency | undefined): UrgencyOf =>
  (event) => {
    const incident = incidentOf(event);
    return incident && policy?.isUrgent(incident) === true;
  };

/**
 * Puts live runs before others in Temporal: their tasks, and activities that wait for a retry are tried at once. It may be done again.
 * A Temporal that does not know how (before 1.28) leaves them in their place; one that is away rejects.
 */
export async function raiseRuns(
  ids: readonly string[],
  { client, log }: { client: Client; log: Logger },
): Promise<void> {
  await Promise.all(
    ids.map((workflowId) =>
      client
        .withDeadline(Date.now() + callMilliseconds, () =>
          client.workflowService.updateWorkflowExecutionOptions({
            namespace: client.options.namespace,
            workflowExecution: { workflowId },
            workflowExecutionOptions: { priority: { priorityKey: urgentPriorityKey } },
            updateMask: { paths: ['priority'] },
          }),
        )
        .catch((error: unknown) => {
          const code = error instanceof Error && 'code' in error ? error.code : undefined;
          if (code === notFound) return;
          if (isTemporalAway(error) && code !== unimplemented) throw error;
          log.warn({ run: workflowId, err: error }, 'Temporal does not put an urgent run before others');
        }),
    ),
  );
}

/** The run has ended; and Temporal does not know the call. https://grpc.io/docs/guides/status-codes/ */
const notFound = 5;
const unimplemented = 12;
