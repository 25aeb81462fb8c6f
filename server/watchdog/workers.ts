import type { Client } from '@temporalio/client';
import type { Trouble } from '../../domain/watched.ts';
import type { Store } from '../../store/store.ts';
import { keyOf } from '../../workflows/kit/key.ts';
import { type Poller, pollersOf, pollersOfAllParts, type TaskKind } from '../temporal/pollers.ts';
import { mostStuck } from '../temporal/stuck-runs.ts';
import { type WaitingTasks, waitingTasks, waitingTasksOf } from '../temporal/waiting-tasks.ts';
import type { Condition } from './condition.ts';
import type { Limits } from './limits.ts';

interface Options {
  client: Client;
  namespace: string;
  taskQueue: string;
  /** So many workers should live, at least one. */
  workersExpected: number;
  store: Pick<Store, 'listStuckRuns'>;
  limits: Limits;
  now?: () => number;
}

const callMilliseconds = 5_000;
const kinds = ['workflow', 'activity'] as const;
/** gRPC codes of a Temporal that knows no such call, or does not let us make it. */
const refusals: readonly unknown[] = [3, 5, 7, 12];

/**
 * Nobody asks Temporal for work, or fewer than should; or runs stand still, or tasks wait for too long, because nobody takes them. What follows
 * from another one of these is not told besides: nor is a wait, as long as it is from before workers came back.
 */
export function workerUnhealthy(options: Options): Condition {
  const { client, namespace, taskQueue, workersExpected, store, limits, now = Date.now } = options;
  const startedAt = now();
  /** When it was last seen that nobody takes tasks of this kind. */
  const absentAt = new Map<TaskKind, number>();

  async function polling(): Promise<{ pollers: Poller[]; live: Poller[] }> {
    const isLive = ({ at }: Poller) => now() - at <= limits.unpolled * 1_000;
    const first = await pollersOf(client, namespace, taskQueue);
    const live = first.filter(isLive);
    if (missingOf(live).length === 0 && workersIn(live) >= workersExpected) return { pollers: first, live };
    // The others may have asked another part of the queue.
    const pollers = await pollersOfAllParts(client, namespace, taskQueue).catch(orRefused(first));
    return { pollers, live: pollers.filter(isLive) };
  }

  /** The longest wait of each kind, of tasks for any worker and of those for one version. */
  async function waiting(pollers: readonly Poller[]): Promise<WaitingTasks[]> {
    const versions = new Set(pollers.map(({ version }) => version).filter((version) => version !== ''));
    const found = await Promise.all([
      waitingTasks(client, namespace, taskQueue),
      ...[...versions].map((version) => waitingTasksOf(version, client, namespace, taskQueue)),
    ]).catch(orRefused([]));
    return kinds.flatMap((kind) =>
      found
        .flat()
        .filter((each) => each.kind === kind)
        .sort((one, other) => other.milliseconds - one.milliseconds)
        .slice(0, 1),
    );
  }

  const trouble = (
    what: Pick<Trouble, 'severity' | 'class' | 'group' | 'summary' | 'details'>,
    target = 'all',
  ): Trouble => ({
    ...what,
    key: keyOf('baton', 'worker', what.class, target),
    component: 'worker',
    details: { taskQueue, ...what.details },
  });

  function noneAsks(missing: readonly TaskKind[], pollers: readonly Poller[]): Trouble {
    const last = Math.max(0, ...pollers.map(({ at }) => at));
    const since = last === 0 ? 'none is known' : `the last one asked at ${new Date(last).toISOString()}`;
    return trouble({
      severity: 'critical',
      class: 'NoWorker',
      group: 'workers',
      summary: `No worker takes the ${missing.join(' and ')} tasks of ${taskQueue}: ${since}. Events are taken in and wait. See whether workers (baton worker) run, and whether all have their hands full`,
      details: { missing },
    });
  }

  function tooFew(live: readonly Poller[]): Trouble[] {
    const workers = workersIn(live);
    if (workers >= workersExpected) return [];
    return [
      trouble({
        severity: 'warning',
        class: 'TooFew',
        group: 'workers',
        summary: `${workers} of ${workersExpected} workers ask for the tasks of ${taskQueue}. Start those that are missing, or set BATON_WORKERS_EXPECTED to how many there should be`,
        details: { workers, expected: workersExpected },
      }),
    ];
  }

  async function standing(): Promise<Trouble[]> {
    const untaken = (await store.listStuckRuns(mostStuck)).filter((run) => run.stuck?.reason === 'NoWorker');
    const [first] = untaken;
    if (!first) return [];
    const what = untaken.length === 1 ? `The run ${first.id} stands` : `${untaken.length} runs stand`;
    return [
      trouble({
        severity: 'critical',
        class: 'NoWorker',
        group: 'workers',
        summary: `${what} still: ${first.stuck?.message}`,
        details: { run: first.id, runs: untaken.length },
      }),
    ];
  }

  function tooLate({ kind, count, milliseconds }: WaitingTasks): Trouble[] {
    const seconds = Math.round(milliseconds / 1_000);
    const withWorkers = Math.min(milliseconds, now() - (absentAt.get(kind) ?? 0));
    if (withWorkers < limits.untaken * 1_000) return [];
    const other = count === 1 ? '' : ` About ${count} wait.`;
    return [
      trouble(
        {
          severity: 'error',
          class: 'Backlog',
          group: `${kind} tasks`,
          summary: `One of the ${kind} tasks of ${taskQueue} has waited for ${seconds} s for a worker.${other} See whether workers have their hands full, and start more`,
          details: { kind, count, oldestSeconds: seconds },
        },
        kind,
      ),
    ];
  }

  return {
    name: 'worker.unhealthy',
    heldFor: limits.unpolledHeld,
    events: { begins: 'worker.unhealthy', ends: 'worker.healthy' },
    async find() {
      const [{ pollers, live, late }, still] = await Promise.all([
        client.withDeadline(Date.now() + callMilliseconds, async () => {
          const found = await polling();
          return { ...found, late: await waiting(found.pollers) };
        }),
        standing(),
      ]);
      const missing = missingOf(live);
      const few = missing.length > 0 ? [] : tooFew(live);
      const isStarting = now() - startedAt < limits.unpolled * 1_000;
      // At a start of all, workers may come after the server.
      if (isStarting && missing.length + few.length > 0) return undefined;
      const none = missing.length > 0 ? [noneAsks(missing, pollers)] : still;
      const explained: readonly TaskKind[] =
        missing.length > 0 ? missing : still.length > 0 ? ['workflow'] : [];
      for (const kind of explained) absentAt.set(kind, now());
      return [...none, ...few, ...late.flatMap(tooLate)];
    },
  };
}

const missingOf = (live: readonly Poller[]) =>
  kinds.filter((each) => !live.some(({ kind }) => kind === each));

const workersIn = (live: readonly Poller[]) => new Set(live.map(({ identity }) => identity)).size;

function orRefused<T>(otherwise: T) {
  return (error: unknown): T => {
    if (!refusals.includes((error as { code?: unknown }).code)) throw error;
    return otherwise;
  };
}
