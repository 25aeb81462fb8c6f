import type { Client } from '@temporalio/client';
import type { RunRow } from '../../domain/run.ts';
import { readWait, type SaidWait } from '../../domain/wait-in-words.ts';
import type { OperationContext } from './operation.ts';

/** What a run does now: an activity that is under way, or is tried again. */
export interface Doing {
  activity: string;
  attempt: number;
  since?: string;
  retryAt?: string;
  failure?: string;
}

/** What Temporal says of a live run. */
interface Looked {
  doing?: Doing[];
  /** For what it waits by itself, as it says. */
  waiting?: SaidWait;
}

const askMilliseconds = 2_000;
/** Temporal is asked about each by itself. */
const askedAtMost = 50;

/** Live runs with what Temporal says that they do. Where it does not answer they are as they were: nothing is known then. */
export async function withDoing<Run extends Pick<RunRow, 'id' | 'endedAt'>>(
  runs: readonly Run[],
  { runs: reached }: Pick<OperationContext, 'runs'>,
): Promise<(Run & Looked)[]> {
  if (!reached) return [...runs];
  const { client } = reached;
  let left = askedAtMost;
  return Promise.all(
    runs.map(async (run) => {
      if (run.endedAt !== undefined || left <= 0) return run;
      left -= 1;
      const doing = await client
        .withDeadline(Date.now() + askMilliseconds, async () => {
          const { raw } = await client.workflow.getHandle(run.id).describe();
          return (raw.pendingActivities ?? []).map(doingOf);
        })
        .catch(() => undefined);
      const waiting = doing?.length === 0 ? await waitOf(run.id, client) : undefined;
      return { ...run, ...(doing ? { doing } : {}), ...(waiting ? { waiting } : {}) };
    }),
  );
}

/** Temporal's own query. A worker answers it, so where none is there nothing is known. */
const metadata = '__temporal_workflow_metadata';

async function waitOf(id: string, client: Client): Promise<SaidWait | undefined> {
  const told = await client
    .withDeadline(Date.now() + askMilliseconds, () => client.workflow.getHandle(id).query<unknown>(metadata))
    .catch(() => undefined);
  const { currentDetails } = (told ?? {}) as { currentDetails?: unknown };
  return typeof currentDetails === 'string' ? readWait(currentDetails) : undefined;
}

interface Pending {
  activityType?: { name?: string | null } | null;
  attempt?: number | null;
  lastStartedTime?: Time | null;
  scheduledTime?: Time | null;
  nextAttemptScheduleTime?: Time | null;
  lastFailure?: { message?: string | null } | null;
}
interface Time {
  seconds?: unknown;
}

const timeOf = (time: Time | null | undefined): string | undefined =>
  time?.seconds ? new Date(Number(time.seconds) * 1_000).toISOString() : undefined;

function doingOf(pending: Pending): Doing {
  const { activityType, attempt, lastStartedTime, scheduledTime, nextAttemptScheduleTime, lastFailure } =
    pending;
  const since = timeOf(lastStartedTime) ?? timeOf(scheduledTime);
  const retryAt = timeOf(nextAttemptScheduleTime);
  return {
    // What stands before the name says how it is called.
    activity: (activityType?.name ?? '?').replace(/^.*:/, ''),
    attempt: attempt ?? 1,
    ...(since === undefined ? {} : { since }),
    ...(retryAt === undefined ? {} : { retryAt }),
    ...(lastFailure?.message ? { failure: lastFailure.message } : {}),
  };
}
