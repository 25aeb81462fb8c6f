import type { Logger } from 'pino';
import type { RunRow, RunStuck, WorkerBuild } from '../domain/run.ts';
import type { Store } from '../store/store.ts';
import { keyOf } from '../workflows/kit/key.ts';

/** An alert, in the terms of Events v2. */
export interface Alert {
  dedupKey: string;
  summary: string;
  source: string;
  severity: 'critical';
  component: string;
  class: string;
  /** Gives the links to it. */
  about: { run: string; incidentUrl?: string; worker?: WorkerBuild };
  details: Record<string, unknown>;
}

/** Pages people without a workflow. Both may be repeated: an alert joins the open one with its key. */
export interface Pager {
  raise(alert: Alert): Promise<void>;
  resolve(dedupKey: string): Promise<void>;
}

type StuckStore = Pick<Store, 'setStuck' | 'findIncident'>;
type StuckRun = RunRow & { stuck: RunStuck };

/** One alert per workflow and reason, whatever the number of runs: a deployment that breaks hundreds is one page. */
const keyFor = ({ workflow, stuck }: StuckRun) =>
  stuck.reason === 'NoWorker'
    ? keyOf('baton', 'worker', stuck.reason, 'all')
    : keyOf('baton', workflow, 'RunStuck', stuck.reason);

/** Pages for what stands still and was not paged for, and takes back what is over. What fails is tried in the next round. */
export async function pageForStuckRuns(
  runs: readonly RunRow[],
  store: StuckStore,
  pager: Pager,
  log: Logger,
): Promise<void> {
  const stuck = runs.filter((run): run is StuckRun => run.stuck !== undefined);
  for (const [key, group] of Map.groupBy(stuck, keyFor))
    await settle(key, group, store, pager).catch((error: unknown) =>
      log.warn({ err: error, key }, 'Nobody could be paged for runs that stand still'),
    );
}

/** A process that began to page and has not said so after this is gone. */
const pagingMilliseconds = 60_000;

async function settle(key: string, group: StuckRun[], store: StuckStore, pager: Pager) {
  const standing = group.filter(({ stuck }) => !stuck.over);
  const over = group.filter(({ stuck }) => stuck.over);
  const first = standing[0];
  if (!first) await pager.resolve(key);
  else if (!group.some(({ stuck }) => stuck.paged)) {
    const began = group.some(
      ({ stuck }) => Date.now() - Date.parse(stuck.pagingSince ?? '') < pagingMilliseconds,
    );
    // One process pages: whoever writes the mark first.
    const paging = { ...first.stuck, pagingSince: new Date().toISOString() };
    if (began || !(await store.setStuck(first, paging))) return;
    const incident = first.subject === undefined ? undefined : await store.findIncident(first.subject);
    await pager.raise(alertOf(key, first, standing.length, incident?.incident?.url));
    await store.setStuck({ ...first, stuck: paging }, { ...paging, paged: true });
    return;
  }
  for (const run of standing) if (!run.stuck.paged) await store.setStuck(run, { ...run.stuck, paged: true });
  for (const run of over) await store.setStuck(run, undefined);
}

function alertOf(
  dedupKey: string,
  { id, workflow, subject, stuck, worker }: StuckRun,
  number: number,
  incidentUrl: string | undefined,
): Alert {
  const what = number === 1 ? `The run ${id} stands still` : `${number} runs of ${workflow} stand still`;
  return {
    dedupKey,
    summary: `${what}: ${stuck.message}`,
    source: 'baton',
    severity: 'critical',
    component: workflow,
    class: stuck.reason,
    about: { run: id, ...(incidentUrl ? { incidentUrl } : {}), ...(worker ? { worker } : {}) },
    details: { run: id, runs: number, since: stuck.since, ...(subject ? { subject } : {}), baton: true },
  };
}
