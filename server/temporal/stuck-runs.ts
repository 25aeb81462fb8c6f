import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { Logger } from 'pino';
import type { RunRow, RunStuck } from '../../domain/run.ts';
import { StoreUnavailable } from '../../domain/store-unavailable.ts';
import type { Store } from '../../store/store.ts';
import { stuckIn } from './stuck-state.ts';
import { isTemporalAway, isTemporalSilent } from './temporal-state.ts';

export interface StuckRunsOptions {
  store: Pick<Store, 'liveRunsAfter' | 'listStuckRuns' | 'setStuck'>;
  client: Client;
  namespace: string;
  log: Logger;
  /** Differs from the default only in tests. */
  everyMilliseconds?: number;
}

/** How many runs cannot go on now, by reason: for metrics and readiness. */
export type StuckCounts = Readonly<Record<RunStuck['reason'], number>>;

export interface StuckRuns {
  counts(): StuckCounts;
  stop(): Promise<void>;
}

const everyMilliseconds = 10_000;
/** Of live runs, so many are looked at per round, in turn: the cost does not grow with them. */
const runsPerRound = 200;
const atOnce = 8;
/** More are counted and not looked at one by one. */
export const mostStuck = 1_000;

/**
 * Looks for runs that live and cannot go on: the code cannot follow their history, or does not know their workflow, or no worker takes
 * them. Such a run fails nowhere: Temporal offers it again and again. Found ones are marked in the store and told in the record, which is
 * taken back when they go on. The watchdog pages for them.
 */
export function startStuckRuns(options: StuckRunsOptions): StuckRuns {
  const { log } = options;
  let counts: StuckCounts = none();
  let cursor = '';
  let stopping = false;

  async function look(): Promise<void> {
    const [fresh, known] = await Promise.all([
      options.store.liveRunsAfter(cursor, runsPerRound),
      options.store.listStuckRuns(mostStuck),
    ]);
    cursor = fresh.length < runsPerRound ? '' : (fresh.at(-1)?.id ?? '');
    const runs = [...new Map([...known, ...fresh].map((run) => [run.id, run])).values()];
    const queue = [...runs];
    const work = async () => {
      for (let run = queue.shift(); run && !stopping; run = queue.shift())
        await compare(run, options).catch(orSilent(run));
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    counts = countsOf(await options.store.listStuckRuns(mostStuck));
  }

  /** One that cannot be looked at is no reason to leave the others. */
  const orSilent = (run: RunRow) => (error: unknown) => {
    if (isTemporalSilent(error) || error instanceof StoreUnavailable) throw error;
    log.warn({ err: error, run: run.id }, 'A run could not be asked whether it goes on');
  };

  async function round(): Promise<void> {
    if (stopping) return;
    await look().catch((error: unknown) => {
      if (!isTemporalAway(error)) log.warn({ err: error }, 'Runs could not be asked whether they go on');
    });
  }

  let under = round();
  const timer = setInterval(() => {
    under = under.then(round);
  }, options.everyMilliseconds ?? everyMilliseconds);
  return {
    counts: () => counts,
    async stop() {
      stopping = true;
      clearInterval(timer);
      await under;
    },
  };
}

const none = (): Record<RunStuck['reason'], number> => ({
  NonDeterminism: 0,
  WorkflowTaskFailed: 0,
  NoWorker: 0,
});

function countsOf(runs: readonly RunRow[]): StuckCounts {
  const counts = none();
  for (const { stuck } of runs) if (stuck) counts[stuck.reason] += 1;
  return counts;
}

/** Marks one run as Temporal shows it now, where that is news. */
async function compare(run: RunRow, { store, client, namespace, log }: StuckRunsOptions): Promise<void> {
  const isLive = run.state === 'starting' || run.state === 'running';
  const now = isLive ? await lookAt(run.id, client, namespace) : undefined;
  const before = run.stuck;
  if (now && before?.reason === now.reason) return;
  const at = new Date().toISOString();
  const { id, workflow, subject } = run;
  const line = { at, actor: 'baton', via: 'reconcile', subject: subject ?? id };
  if (now) {
    const stuck = { ...now, since: before?.since ?? at };
    if (
      await store.setStuck(run, stuck, {
        ...line,
        action: 'run.stuck',
        detail: { run: id, workflow, reason: now.reason, message: now.message },
      })
    )
      log.error({ run: id, incident: subject, reason: now.reason }, `A run stands still: ${now.message}`);
    return;
  }
  if (!before) return;
  if (await store.setStuck(run, undefined, { ...line, action: 'run.went_on', detail: { run: id, workflow } }))
    log.info({ run: id, incident: subject }, 'A run that stood still goes on, or has ended');
}

async function lookAt(id: string, client: Client, namespace: string) {
  try {
    return await client.withDeadline(Date.now() + 5_000, () => stuckIn(id, client, namespace));
  } catch (error) {
    // Lost: the reconciler's to start again.
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
