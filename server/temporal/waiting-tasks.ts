import type { Client } from '@temporalio/client';
import { type TaskKind, taskKinds } from './pollers.ts';

/** Tasks of one kind that wait for a worker to take them. */
export interface WaitingTasks {
  kind: TaskKind;
  /** About so many: Temporal counts them while they move. */
  count: number;
  /** For so long the oldest has waited. */
  milliseconds: number;
}

/** As Temporal tells it. An older Temporal tells none of it. */
interface Stats {
  approximateBacklogCount?: unknown;
  approximateBacklogAge?: { seconds?: unknown; nanos?: number | null } | null;
}

/** Those that any worker without a version may take: none where Temporal does not count them, or none wait. */
export async function waitingTasks(
  client: Client,
  namespace: string,
  taskQueue: string,
): Promise<WaitingTasks[]> {
  const ask = async (kind: TaskKind) => {
    const queue = { namespace, taskQueue: { name: taskQueue }, taskQueueType: taskKinds[kind] };
    const { stats } = await client.workflowService.describeTaskQueue({ ...queue, reportStats: true });
    return waitingIn(kind, stats);
  };
  return (await Promise.all([ask('workflow'), ask('activity')])).flat();
}

/** Those that only workers of this version may take. The queue's own numbers do not hold them. */
export async function waitingTasksOf(
  buildId: string,
  client: Client,
  namespace: string,
  taskQueue: string,
): Promise<WaitingTasks[]> {
  const { versionTaskQueues } = await client.workflowService.describeWorkerDeploymentVersion({
    namespace,
    // The deployment has the name of its queue.
    deploymentVersion: { deploymentName: taskQueue, buildId },
    reportTaskQueueStats: true,
  });
  return (['workflow', 'activity'] as const).flatMap((kind) =>
    (versionTaskQueues ?? [])
      .filter(({ name, type }) => name === taskQueue && type === taskKinds[kind])
      .flatMap(({ stats }) => waitingIn(kind, stats)),
  );
}

function waitingIn(kind: TaskKind, stats: Stats | null | undefined): WaitingTasks[] {
  const count = Number(stats?.approximateBacklogCount ?? 0);
  const age = stats?.approximateBacklogAge;
  const milliseconds = Number(age?.seconds ?? 0) * 1_000 + Number(age?.nanos ?? 0) / 1_000_000;
  return count > 0 ? [{ kind, count, milliseconds }] : [];
}
