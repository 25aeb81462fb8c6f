import { WorkflowNotFoundError } from '@temporalio/client';
import type { Logger } from 'pino';
import type { RunEnd } from '../../domain/run-end.ts';
import { runEnd, toldOf } from '../../domain/run-end.ts';
import { StoreUnavailable } from '../../domain/store-unavailable.ts';
import type { LiveRun } from '../../store/runs/runs.ts';
import type { Store } from '../../store/store.ts';
import type { Trigger } from '../../triggers/trigger.ts';
import { causeOf } from '../dispatch/cause.ts';
import { tellStarted } from '../rounds/run-news.ts';
import { callMilliseconds, catchUp, gatherAgain, type RunStarter, startRun } from './runs.ts';
import { isTemporalAway, isTemporalSilent, type TemporalState } from './temporal-state.ts';

interface Options extends RunStarter {
  store: Store;
  triggers: readonly Trigger[];
  namespace: string;
  temporal: Pick<TemporalState, 'up'>;
  log: Logger;
}

const everyMilliseconds = 30_000;
/** A run younger than this may still be on its way to Temporal. */
const youngestMilliseconds = 10_000;
const runsAtOnce = 200;
const callsAtOnce = 16;
/** How old the news that Temporal knows a run may become before it is written down again. */
const seenMilliseconds = 600_000;

/**
 * Compares the runs that the store believes live with Temporal's, oldest first. A run reports its own end; this finds those that could
 * not (timed out, terminated), and starts those that Temporal lost, as after a power cut, from their stored input and cause, under the
 * same id.
 */
export function startReconciler(options: Options): { stop(): Promise<void> } {
  let stopping = false;
  let timer: NodeJS.Timeout | undefined;
  let round = Promise.resolve();
  const begin = () => {
    round = reconcile(options, () => stopping).finally(() => {
      // Until Temporal was heard of, soon.
      if (!stopping) timer = setTimeout(begin, options.temporal.up ? everyMilliseconds : 1_000);
    });
  };
  begin();
  return {
    async stop() {
      stopping = true;
      clearTimeout(timer);
      await round;
    },
  };
}

async function reconcile(options: Options, isOver: () => boolean): Promise<void> {
  const { store, log, temporal } = options;
  if (!temporal.up) return;
  try {
    const retention = await retentionOf(options);
    let page: LiveRun[] = [];
    do {
      const after = page.at(-1);
      page = await store.liveRuns({ limit: runsAtOnce, ...(after ? { after } : {}) });
      await compareAll(page, retention, options);
    } while (page.length === runsAtOnce && !isOver());
    await store.withdrawOfEndedRuns();
    await store.withdrawQuestions();
  } catch (error) {
    if (!isTemporalAway(error)) log.warn({ err: error }, 'Runs could not be compared with Temporal');
  }
}

/** How long Temporal remembers a run that has ended, in milliseconds. */
async function retentionOf({ client, namespace }: Options): Promise<number> {
  const { config } = await client.withDeadline(Date.now() + callMilliseconds, () =>
    client.workflowService.describeNamespace({ namespace }),
  );
  return Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) * 1_000;
}

async function compareAll(page: LiveRun[], retention: number, options: Options): Promise<void> {
  const now = Date.now();
  const waiting = page.filter(({ createdAt }) => now - Date.parse(createdAt) > youngestMilliseconds).values();
  const known: LiveRun[] = [];
  const work = async () => {
    for (const run of waiting)
      try {
        if (await compare(run, retention, options)) known.push(run);
      } catch (error) {
        // One that cannot be compared, or about which Temporal says nothing, is no reason to leave the others.
        if (isTemporalSilent(error) || error instanceof StoreUnavailable) throw error;
        options.log.warn({ err: error, run: run.id }, 'A run could not be compared with Temporal');
      }
  };
  await Promise.all(Array.from({ length: callsAtOnce }, work));
  const old = known.filter(({ seenAt }) => now - Date.parse(seenAt) > seenMilliseconds);
  if (old.length > 0) await options.store.seeRuns(old.map(({ id }) => id));
}

/** True: Temporal knows it, and it goes on. */
async function compare(run: LiveRun, retention: number, options: Options): Promise<boolean> {
  try {
    const { client } = options;
    const { status, closeTime } = await client.withDeadline(Date.now() + callMilliseconds, () =>
      client.workflow.getHandle(run.id).describe(),
    );
    const end = endOf(status.name);
    if (end) await endRun(run, end, options, closeTime);
    return !end;
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    // The dispatcher is about to start it.
    if (!run.isDispatching) await takeUpLost(run, retention, options);
    return false;
  }
}

/**
 * Temporal does not know a run that should be live. It lost it, unless the run ended so long ago that Temporal has forgotten it by its
 * retention: then what it did is done, and must not be done again.
 */
async function takeUpLost(run: LiveRun, retention: number, options: Options): Promise<void> {
  const { store, log } = options;
  const cause = causeOf.safeParse(run.cause);
  if (!cause.success)
    return endRun(
      run,
      failed('failed', 'Lost', 'Temporal has lost the run, and what started it is not known'),
      options,
    );
  if (Date.now() - Date.parse(run.seenAt) >= retention) {
    const message = `Temporal does not know the run any more. It was last seen at ${run.seenAt}, which is longer ago than Temporal remembers; it may have ended since, so it is not started again`;
    return endRun(run, failed('failed', 'Forgotten', message), options);
  }
  if (run.incidentStatus === 'resolved' && cause.data.whenResolved === 'stop')
    return endRun(run, { state: 'completed', outcome: 'resolved elsewhere' }, options);
  const { id, workflow, input, subject, isUrgent } = run;
  const { eventId, trigger } = cause.data;
  try {
    // Another server may have been first.
    if (!(await startRun({ id, workflow, input, cause: cause.data, urgent: isUrgent }, options))) return;
  } catch (error) {
    if (isTemporalAway(error)) throw error;
    const message = `Temporal has lost the run and does not take it again: ${error instanceof Error ? error.message : error}`;
    return endRun(run, failed('failed', 'Lost', message), options);
  }
  // It may never have begun before.
  await tellStarted(run, cause.data, { ...options, via: 'reconcile' });
  await store.restartedRun(id, {
    at: new Date().toISOString(),
    actor: 'baton',
    via: 'reconcile',
    action: 'run.restarted',
    subject: subject ?? id,
    detail: { run: id, workflow, trigger, event: eventId, reason: 'Temporal did not know the run', input },
  });
  log.warn({ run: id, incident: subject }, 'Temporal did not know a run: it was started again');
  if (subject !== undefined) await catchUp({ id, subject, eventId }, options);
  await gatherAgain(id, options);
}

async function endRun(run: LiveRun, end: End, { store, log }: Options, closeTime?: Date): Promise<void> {
  const at = (closeTime ?? new Date()).toISOString();
  const cause = causeOf.safeParse(run.cause).data;
  const ended = { ...end, at, via: 'reconcile', ...toldOf(cause) };
  if (await store.endRun(runEnd(run, ended)))
    log.warn({ run: run.id, incident: run.subject }, `A run ended without a report: ${end.outcome}`);
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
