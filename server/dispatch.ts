import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Authority } from '../store/authority.ts';
import type { Decision, Echo, Entry, Situation, Store, StoredEvent } from '../store/store.ts';
import type { Event } from '../triggers/event.ts';
import type { Trigger } from '../triggers/trigger.ts';
import type { LaterEvent } from '../workflows/kit/incident.ts';
import { laterEvents, type RunMemo } from '../workflows/kit/run.ts';
import { decide, incidentOf, type Plan, type Start } from './decide.ts';
import { isTemporalAway, type TemporalState } from './temporal-state.ts';

export interface DispatcherOptions {
  store: Store;
  client: Client;
  triggers: readonly Trigger[];
  taskQueue: string;
  /** Signs the cause of each run. */
  authority: Authority;
  /** The client's connection is that of a worker in this process, which then gets a new run's first task with the answer. */
  eagerStart: boolean;
  temporal: TemporalState;
  log: Logger;
  /** Counts what became of events. */
  count?: (disposition: string) => void;
}

export interface Dispatcher {
  /** Dispatches an event that this process has leased, after the earlier ones of its lane. Returns at once. */
  take(stored: StoredEvent): void;
  /** Looks for pending events soon, and not only at the next sweep. */
  wake(): void;
  /** Finishes what is under way, hands the rest back. */
  stop(): Promise<void>;
}

/** Lanes at work at the same time, and events waiting in memory; what is beyond waits in the store. */
const lanesAtOnce = 64;
const heldAtMost = 2_000;
const sweepMilliseconds = 1_000;
const renewMilliseconds = 3_000;
/** A Temporal that hangs takes calls and never answers them: after this it counts as away. Each call may be made again. */
const callMilliseconds = 5_000;
/** What becomes pending together, as the ends of many runs do, is claimed together. */
const gatherMilliseconds = 250;
/** After so many faults of ours with one event it is parked, so that it holds up no other. */
const attemptsAtMost = 5;

/**
 * Takes stored events to the triggers and on to Temporal: in order within a lane (a subject), lanes in parallel. What a
 * crash or an outage leaves behind is found by the sweep, here or in another process.
 */
export function startDispatcher(options: DispatcherOptions): Dispatcher {
  const { store, log } = options;
  const lanes = new Map<string, StoredEvent[]>();
  const working = new Map<string, Promise<void>>();
  const held = new Set<number>();
  let stopping = false;
  let sweeping: Promise<void> | undefined;

  const laneOf = ({ event }: StoredEvent) => (event as Event).subject ?? (event as Event).id;

  function take(stored: StoredEvent): void {
    if (stopping || held.has(stored.seq)) return;
    held.add(stored.seq);
    const lane = laneOf(stored);
    const queue = lanes.get(lane);
    if (queue) queue.push(stored);
    else lanes.set(lane, [stored]);
    work();
  }

  function work(): void {
    for (const lane of lanes.keys()) {
      if (working.size >= lanesAtOnce) return;
      if (!working.has(lane))
        working.set(
          lane,
          drain(lane).finally(() => finish(lane)),
        );
    }
  }

  function finish(lane: string): void {
    working.delete(lane);
    if (lanes.get(lane)?.length === 0) lanes.delete(lane);
    work();
  }

  async function drain(lane: string): Promise<void> {
    const queue = lanes.get(lane) ?? [];
    while (queue.length > 0 && !stopping) {
      const stored = queue[0] as StoredEvent;
      await dispatchUntilDone(stored);
      queue.shift();
      held.delete(stored.seq);
    }
  }

  /** An outage of Temporal or the store is waited out, with the lease kept: later events of the lane must not pass. */
  async function dispatchUntilDone(stored: StoredEvent): Promise<void> {
    for (let faults = stored.attempts; !stopping; ) {
      try {
        return await dispatch(stored, options);
      } catch (error) {
        if (isTemporalAway(error)) await options.temporal.untilBack(error);
        else if ((error as Error).name === 'StoreUnavailable') await pause(500);
        else {
          faults += 1;
          const { id, subject } = stored.event as Event;
          log.error({ event: id, incident: subject, err: error }, 'An event could not be dispatched');
          if (faults >= attemptsAtMost) return park(stored, error as Error).catch(() => {});
          await pause(200 * faults);
        }
      }
    }
  }

  async function park(stored: StoredEvent, error: Error): Promise<void> {
    const reason = `dispatcher: ${error.message}`;
    await store.settle({ seq: stored.seq, disposition: 'parked', reason, started: [], entries: [] });
    options.count?.('parked');
  }

  let endPause = () => {};
  const stopped = new Promise<void>((resolve) => {
    endPause = resolve;
  });
  const pause = (milliseconds: number) =>
    Promise.race([stopped, new Promise<void>((resolve) => setTimeout(resolve, milliseconds).unref())]);

  async function sweep(): Promise<void> {
    const free = heldAtMost - held.size;
    if (stopping || free <= 0) return;
    try {
      for (const stored of await store.claim(Math.min(free, 500))) take(stored);
    } catch (error) {
      log.warn({ err: error }, 'The store could not be swept for pending events');
    }
  }

  function sweepNow(): void {
    sweeping ??= sweep().finally(() => {
      sweeping = undefined;
    });
  }

  let waking: NodeJS.Timeout | undefined;
  function wake(): void {
    waking ??= setTimeout(() => {
      waking = undefined;
      sweepNow();
    }, gatherMilliseconds);
  }

  const sweeper = setInterval(sweepNow, sweepMilliseconds);
  const renewer = setInterval(() => {
    if (held.size > 0)
      store.renew().catch((error: unknown) => log.warn({ err: error }, 'Leases not renewed'));
  }, renewMilliseconds);
  sweepNow();

  return {
    take,
    wake,
    async stop() {
      stopping = true;
      clearInterval(sweeper);
      clearInterval(renewer);
      clearTimeout(waking);
      endPause();
      options.temporal.stopWaiting();
      await Promise.all([...working.values(), sweeping]);
      await store.release().catch(() => {});
    },
  };
}

/** One event, from the store to Temporal. Everything in it may be done again. */
async function dispatch(stored: StoredEvent, options: DispatcherOptions): Promise<void> {
  const { store, log } = options;
  const event = stored.event as Event;
  const [situation, echo] = await Promise.all([situationOf(event, store), echoOf(event, stored, store)]);
  const plan = decide({ seq: stored.seq, event }, situation, options.triggers, echo);
  const decision = {
    ...(plan.incident ? { incident: plan.incident } : {}),
    entries: [answeredEntry(event, plan)],
  };
  const isIdle = plan.starts.length === 0 && plan.tell.length === 0;
  if (!isIdle) await store.decide({ seq: stored.seq, ...decision, runs: runsOf(plan, stored.seq, event) });
  await Promise.all(plan.starts.map((start) => startRun(start, options)));
  const told = await tell(plan, event, echo, options);
  const { disposition, reason } = dispositionOf(plan, told);
  const isOurs = await store.settle({
    seq: stored.seq,
    disposition,
    reason,
    started: plan.starts.map(({ id }) => id),
    entries: plan.starts.map((start) => startedEntry(event, start)),
    ...(isIdle ? { decision } : {}),
  });
  if (!isIdle) options.temporal.seen();
  if (isOurs) options.count?.(disposition);
  log.info(
    { event: event.id, incident: event.subject, runs: plan.starts.map(({ id }) => id), disposition },
    reason,
  );
}

const runsOf = ({ starts }: Plan, eventSeq: number, { subject }: Event): Decision['runs'] =>
  starts.map(({ id, trigger, workflow, cause }) => ({
    id,
    trigger,
    workflow,
    ...(subject === undefined ? {} : { subject }),
    target: cause.target,
    eventSeq,
  }));

const situationOf = (event: Event, store: Store): Promise<Situation> =>
  event.subject === undefined ? Promise.resolve({ runs: [] }) : store.situation(event.subject);

/** A new incident cannot be the echo of a change to it. */
async function echoOf(event: Event, stored: StoredEvent, store: Store): Promise<Echo | undefined> {
  const isAboutIncident = event.type.startsWith('pagerduty.incident.') && event.subject !== undefined;
  if (!isAboutIncident || event.type === 'pagerduty.incident.triggered') return undefined;
  const { subject = '', type, id } = event;
  return store.claimEcho({ subject, type, eventId: id, receivedAt: stored.receivedAt });
}

/**
 * Starts a run in Temporal, with its cause and what shows that it was us. Nothing happens where it is there already. The same start gives
 * the same signature, so a lost run can be started again.
 */
export async function startRun(
  start: Pick<Start, 'id' | 'workflow' | 'input' | 'cause'>,
  {
    client,
    taskQueue,
    eagerStart,
    authority,
  }: Pick<DispatcherOptions, 'client' | 'taskQueue' | 'eagerStart' | 'authority'>,
): Promise<void> {
  const { id: runId, workflow, input, cause } = start;
  const memo: RunMemo = { cause, signature: authority.sign({ runId, workflow, input, cause }) };
  try {
    await client.withDeadline(Date.now() + callMilliseconds, () =>
      client.workflow.start(start.workflow, {
        workflowId: start.id,
        taskQueue,
        args: [start.input],
        memo: { ...memo },
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        requestEagerStart: eagerStart,
        // A worker that dies with a task in hand is noticed after this, not after the default 10 s.
        workflowTaskTimeout: '3 seconds',
      }),
    );
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

/** Tells the live runs. Returns how many were reached: one may have ended meanwhile. */
async function tell(
  plan: Plan,
  event: Event,
  echo: Echo | undefined,
  { client }: DispatcherOptions,
): Promise<number> {
  const incident = incidentOf(event);
  const by =
    echo?.actor.kind === 'person'
      ? { kind: 'person' as const, id: echo.actor.email ?? echo.actor.name, name: echo.actor.name }
      : event.agent;
  const later: LaterEvent = {
    eventId: event.id,
    type: event.type,
    time: event.time,
    ...(by ? { by } : {}),
    echo: echo !== undefined && echo.actor.kind !== 'person',
    ...(incident ? { incident } : { data: event.data }),
  };
  const reached = await Promise.all(
    plan.tell.map(async (id) => {
      try {
        await client.withDeadline(Date.now() + callMilliseconds, () =>
          client.workflow.getHandle(id).signal(laterEvents, [later]),
        );
        return true;
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
    }),
  );
  return reached.filter(Boolean).length;
}

function dispositionOf(
  plan: Plan,
  told: number,
): { disposition: 'dispatched' | 'parked' | 'stale' | 'ignored'; reason: string } {
  const toldText = told > 0 ? `told ${told} live ${told === 1 ? 'run' : 'runs'}` : '';
  const faults = plan.answers.filter(({ answer }) => answer === 'failed');
  if (faults.length > 0) {
    const reason = faults.map(({ trigger, reason: why }) => `trigger ${trigger}: ${why}`).join('; ');
    return { disposition: 'parked', reason };
  }
  if (plan.hold) {
    const reason = [plan.hold.reason, toldText].filter(Boolean).join('; ');
    return { disposition: plan.hold.disposition, reason };
  }
  if (plan.starts.length > 0) {
    const started = `started ${plan.starts.map(({ id }) => id).join(', ')}`;
    return { disposition: 'dispatched', reason: [started, toldText].filter(Boolean).join('; ') };
  }
  if (told > 0) return { disposition: 'dispatched', reason: toldText };
  return { disposition: 'ignored', reason: 'no trigger matched' };
}

function answeredEntry(event: Event, plan: Plan): Entry {
  return {
    at: new Date().toISOString(),
    actor: 'baton',
    via: 'dispatch',
    action: 'event.answered',
    subject: event.subject ?? event.id,
    detail: {
      event: event.id,
      type: event.type,
      answers: plan.answers,
      ...(plan.hold ? { hold: plan.hold } : {}),
    },
  };
}

function startedEntry(event: Event, { id, trigger, workflow, input }: Start): Entry {
  return {
    at: new Date().toISOString(),
    actor: `trigger:${trigger}`,
    via: 'dispatch',
    action: 'run.started',
    subject: event.subject ?? event.id,
    detail: { run: id, workflow, event: event.id, input },
  };
}
