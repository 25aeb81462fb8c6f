import type { Client } from '@temporalio/client';

/** A worker that asks Temporal for tasks of one kind. */
export interface Poller {
  kind: 'workflow' | 'activity';
  /** The version that it says it is; '' where workers have none. */
  version: string;
  /** When it last asked. */
  at: number;
}

/** A worker asks anew at the latest after a minute, if only to hear that there is nothing. */
export const longestPollMilliseconds = 70_000;

/** Temporal's numbers: the kinds of tasks, and a worker that has a version. */
const kinds = { workflow: 1, activity: 2 } as const;
const versioned = 2;

/** Who has asked for tasks of this queue. Temporal remembers a worker for minutes after it has gone: when it last asked tells. */
export async function pollersOf(client: Client, namespace: string, taskQueue: string): Promise<Poller[]> {
  const ask = async (kind: keyof typeof kinds) => {
    const queue = { namespace, taskQueue: { name: taskQueue }, taskQueueType: kinds[kind] };
    const { pollers } = await client.workflowService.describeTaskQueue(queue);
    return (pollers ?? []).map(({ deploymentOptions, lastAccessTime }) => ({
      kind,
      version: deploymentOptions?.workerVersioningMode === versioned ? (deploymentOptions.buildId ?? '') : '',
      at: Number(lastAccessTime?.seconds ?? 0) * 1_000 + Number(lastAccessTime?.nanos ?? 0) / 1_000_000,
    }));
  };
  return (await Promise.all([ask('workflow'), ask('activity')])).flat();
}
