import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { Logger } from 'pino';
import { runEnd } from '../store/run-end.ts';
import type { RunEnd, RunRow, Store } from '../store/store.ts';
import { isTemporalAway } from './temporal-state.ts';

interface Options {
  store: Store;
  client: Client;
  log: Logger;
}

const everyMilliseconds = 30_000;
/** A run younger than this may still be on its way to Temporal. */
const youngestMilliseconds = 10_000;

/**
 * Compares the runs that the store believes live with Temporal's. A run reports its own end; this finds those that could
 * not (timed out, terminated) and those that Temporal lost, as after a power cut: their events are dispatched again, which
 * starts them under the same id.
 */
export function startReconciler(options: Options): { stop(): Promise<void> } {
  let round = reconcile(options);
  const timer = setInterval(() => {
    round = round.then(() => reconcile(options));
  }, everyMilliseconds);
  return {
    async stop() {
      clearInterval(timer);
      await round;
    },
  };
}

async function reconcile({ store, client, log }: Options): Promise<void> {
  try {
    const runs = await store.listRuns({ live: true, limit: 1_000 });
    const before = new Date(Date.now() - youngestMilliseconds).toISOString();
    for (const run of runs.filter(({ createdAt }) => createdAt < before))
      await compare(run, { store, client, log });
  } catch (error) {
    if (!isTemporalAway(error)) log.warn({ err: error }, 'Runs could not be compared with Temporal');
  }
}

async function compare(run: RunRow, { store, client, log }: Options): Promise<void> {
  try {
    const { status, closeTime } = await client.workflow.getHandle(run.id).describe();
    const end = endOf(status.name);
    if (!end) return;
    const at = (closeTime ?? new Date()).toISOString();
    if (await store.endRun(runEnd(run, { ...end, at, via: 'reconcile' })))
      log.warn({ run: run.id, incident: run.subject }, `A run ended without a report: ${end.outcome}`);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    if (await store.replay(run.eventSeq, 'baton', 'reconcile'))
      log.warn(
        { run: run.id, incident: run.subject },
        'Temporal does not know a run: its event is dispatched again',
      );
  }
}

type End = Pick<RunEnd, 'state' | 'outcome' | 'failure'>;

function endOf(status: string): End | undefined {
  switch (status) {
    case 'COMPLETED':
      return { state: 'completed', outcome: 'completed' };
    case 'CANCELLED':
      return { state: 'cancelled', outcome: 'cancelled' };
    case 'TIMED_OUT':
      return failed('timed out', 'TimedOut', 'The run took longer than it may');
    case 'TERMINATED':
      return failed('failed', 'Terminated', 'The run was terminated in Temporal');
    case 'FAILED':
      return failed('failed', 'Error', 'The run failed; Temporal has the details');
    default:
      return undefined;
  }
}

const failed = (state: 'failed' | 'timed out', failureClass: string, message: string): End => ({
  state,
  outcome: state,
  failure: { class: failureClass, message },
});
