import type { Client } from '@temporalio/client';
import type { Store } from '../../store/store.ts';
import { keyOf } from '../../workflows/kit/key.ts';
import { pollersOf } from '../pollers.ts';
import { mostStuck } from '../stuck-runs.ts';
import type { Condition } from './condition.ts';
import type { Limits } from './limits.ts';

interface Options {
  client: Client;
  namespace: string;
  taskQueue: string;
  store: Pick<Store, 'listStuckRuns'>;
  limits: Limits;
  now?: () => number;
}

const callMilliseconds = 5_000;
const kinds = ['workflow', 'activity'] as const;

/** Nobody asks Temporal for work, or runs stand still because nobody takes their next step. */
export function workerUnhealthy({
  client,
  namespace,
  taskQueue,
  store,
  limits,
  now = Date.now,
}: Options): Condition {
  const startedAt = now();
  const trouble = (summary: string, details: Record<string, unknown>) => ({
    key: keyOf('baton', 'worker', 'NoWorker', 'all'),
    summary,
    severity: 'critical' as const,
    component: 'worker',
    class: 'NoWorker',
    group: 'workers',
    details: { taskQueue, ...details },
  });
  return {
    name: 'worker.unhealthy',
    heldFor: limits.unpolledHeld,
    events: { begins: 'worker.unhealthy', ends: 'worker.healthy' },
    async find() {
      const [pollers, stuck] = await Promise.all([
        client.withDeadline(Date.now() + callMilliseconds, () => pollersOf(client, namespace, taskQueue)),
        store.listStuckRuns(mostStuck),
      ]);
      const missing = kinds.filter((each) =>
        pollers.every(({ kind, at }) => kind !== each || now() - at > limits.unpolled * 1_000),
      );
      // At a start of all, workers may come after the server.
      if (missing.length > 0 && now() - startedAt < limits.unpolled * 1_000) return undefined;
      if (missing.length > 0) {
        const last = Math.max(0, ...pollers.map(({ at }) => at));
        const since = last === 0 ? 'none is known' : `the last one asked at ${new Date(last).toISOString()}`;
        return [
          trouble(
            `No worker takes the ${missing.join(' and ')} tasks of ${taskQueue}: ${since}. Events are taken in and wait. See whether workers (baton worker) run, and whether all have their hands full`,
            { missing },
          ),
        ];
      }
      const untaken = stuck.filter((run) => run.stuck?.reason === 'NoWorker');
      const [first] = untaken;
      if (!first) return [];
      const what = untaken.length === 1 ? `The run ${first.id} stands` : `${untaken.length} runs stand`;
      return [trouble(`${what} still: ${first.stuck?.message}`, { run: first.id, runs: untaken.length })];
    },
  };
}
