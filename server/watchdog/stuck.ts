import type { RunRow, RunStuck } from '../../domain/run.ts';
import type { Trouble } from '../../domain/watched.ts';
import type { Store } from '../../store/store.ts';
import { keyOf } from '../../workflows/kit/key.ts';
import { mostStuck } from '../temporal/stuck-runs.ts';
import type { Condition } from './condition.ts';

type StuckStore = Pick<Store, 'listStuckRuns' | 'findIncident'>;
type StuckRun = RunRow & { stuck: RunStuck };

/**
 * Runs that cannot go on, by workflow and reason: a deployment that breaks hundreds is one page. Those that no worker takes belong to
 * `worker.unhealthy`.
 */
export function runStuck({ store }: { store: StuckStore }): Condition {
  return {
    name: 'run.stuck',
    // They were looked at long enough when they were marked.
    heldFor: 0,
    async find() {
      const stuck = (await store.listStuckRuns(mostStuck)).filter(
        (run): run is StuckRun => run.stuck !== undefined && run.stuck.reason !== 'NoWorker',
      );
      const groups = Map.groupBy(stuck, (run) => keyOf('baton', run.workflow, 'RunStuck', run.stuck.reason));
      return Promise.all([...groups].map(([key, runs]) => troubleOf(key, runs, store)));
    },
  };
}

async function troubleOf(key: string, runs: StuckRun[], store: StuckStore): Promise<Trouble> {
  const [first] = runs as [StuckRun, ...StuckRun[]];
  const { id, workflow, subject, stuck, worker } = first;
  const what =
    runs.length === 1 ? `The run ${id} stands still` : `${runs.length} runs of ${workflow} stand still`;
  const incidentUrl = subject === undefined ? undefined : (await store.findIncident(subject))?.incident?.url;
  return {
    key,
    summary: `${what}: ${stuck.message}`,
    severity: 'critical',
    component: workflow,
    class: stuck.reason,
    about: { run: id, ...(incidentUrl ? { incidentUrl } : {}), ...(worker ? { worker } : {}) },
    details: { run: id, runs: runs.length, ...(subject ? { subject } : {}) },
  };
}
