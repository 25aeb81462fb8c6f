import type { Client } from '@temporalio/client';

/** Temporal's numbers: the kinds of tasks, and a worker that has a version. */
export const taskKinds = { workflow: 1, activity: 2 } as const;
const versioned = 2;

export type TaskKind = keyof typeof taskKinds;

/** A worker that asks Temporal for tasks of one kind. */
export interface Poller {
  kind: TaskKind;
  /** Its process, as it names itself: process id and host. */
  identity: string;
  /** The version that it says it is; '' where workers have none. */
  version: string;
  /** When it last asked. */
  at: number;
}

/** A worker asks anew at the latest after a minute, if only to hear that there is nothing. */
export const longestPollMilliseconds = 70_000;

/** Who has asked for tasks of this queue. Temporal remembers a worker for minutes after it has gone: when it last asked tells. */
export async function pollersOf(client: Client, namespace: string, taskQueue: string): Promise<Poller[]> {
  const ask = async (kind: TaskKind) => {
    const queue = { namespace, taskQueue: { name: taskQueue }, taskQueueType: taskKinds[kind] };
    const { pollers } = await client.workflowService.describeTaskQueue(queue);
    return (pollers ?? []).map(({ identity, deploymentOptions, lastAccessTime }) => ({
      kind,
      identity: identity ?? '',
      version: deploymentOptions?.workerVersioningMode === versioned ? (deploymentOptions.buildId ?? '') : '',
      at: Number(lastAccessTime?.seconds ?? 0) * 1_000 + Number(lastAccessTime?.nanos ?? 0) / 1_000_000,
    }));
  };
  return (await Promise.all([ask('workflow'), ask('activity')])).flat();
}

/**
 * The same of all parts of the queue. A large cluster divides a queue, and the queue's own answer holds those who asked its first part. A
 * worker asks each part now and then, not each part within a minute.
 */
export async function pollersOfAllParts(
  client: Client,
  namespace: string,
  taskQueue: string,
): Promise<Poller[]> {
  const { workflowTaskQueuePartitions, activityTaskQueuePartitions } =
    await client.workflowService.listTaskQueuePartitions({ namespace, taskQueue: { name: taskQueue } });
  const parts = [...(workflowTaskQueuePartitions ?? []), ...(activityTaskQueuePartitions ?? [])];
  const names = new Set([taskQueue, ...parts.map(({ key }) => key ?? taskQueue)]);
  return (await Promise.all([...names].map((name) => pollersOf(client, namespace, name)))).flat();
}
