import { type Event, laneOf } from '../../domain/event.ts';
import type { StoredEvent } from '../../store/events/inbox.ts';
import { asTheyStand } from '../../triggers/trigger.ts';
import { onceASecond } from '../fresh.ts';
import { isTemporalAway } from '../temporal/temporal-state.ts';
import { type DispatcherOptions, dispatch } from './dispatch-event.ts';
import { GathererNotKnown } from './storm.ts';

export interface Dispatcher {
  /** Dispatches an event that this process has leased, after the earlier ones of its lane. Returns at once. */
  enqueue(stored: StoredEvent): void;
  /** False: what comes in had better wait in the store, as Temporal cannot be told of it now. */
  mayEnqueue(): boolean;
  /** Looks for pending events soon, and not only at the next sweep. */
  wake(): void;
  /** Finishes what is under way, hands the rest back. */
  stop(): Promise<void>;
}

/**
 * Lanes at work at the same time: enough to keep Temporal busy, and few, so that in a storm webhooks find their turn between them. What
 * waits in memory is bounded by the store, which leases no more to a process.
 */
const lanesAtOnce = 12;
/** Beside them so many of urgent incidents, which need no place that others hold. */
const urgentLanesAtOnce = 4;
/** Beside them so many that wait: for Temporal, which may refuse just theirs, or for the run of another incident. */
const lanesWaiting = 50;
/** Events that are claimed together, and how few are left when the next ones are. */
const claimedAtOnce = 300;
const fewLeft = 150;
/** Where calls are refused, that may be about these events alone: with so many in hand, others are still tried. */
const fewWhenRefused = 20;
const sweepMilliseconds = 1_000;
const renewMilliseconds = 3_000;
/** What becomes pending together, as the ends of many runs do, is claimed together. */
const gatherMilliseconds = 250;
/** After so many faults of ours with one event it is parked, so that it holds up no other. */
const attemptsAtMost = 5;
/**
 * So often an incident of a storm waits for the run that it is to join, a second at most each time: in all longer than it takes until another
 * process takes over what a killed one was about to start.
 */
const waitsAtMost = 18;
const longestWait = 1_000;

/**
 * Takes stored events to the triggers and on to Temporal: in order within a lane (`laneOf`), lanes in parallel. What a
 * crash or an outage leaves behind is found by the sweep, here or in another process.
 */
export function startDispatcher(options: DispatcherOptions): Dispatcher {
  const { store, log } = options;
  const lanes = new Map<string, StoredEvent[]>();
  const working = new Map<string, Promise<void>>();
  const held = new Set<number>();
  /** The lanes in which an urgent event has come, until they are empty. */
  const urgent = new Set<string>();
  let waiting = 0;
  /** By lane, resolved once its next event is done: what waits for that incident is looked at again then. */
  const nextDone = new Map<string, PromiseWithResolvers<true>>();
  let stopping = false;
  let sweeping: Promise<void> | undefined;
  /** The last claim found something, so the next one may. */
  let mayBeMore = false;
  /** A trigger that is lowered is so in all processes a second later. */
  const lowerings = onceASecond(() => store.lowerings());

  function enqueue(stored: StoredEvent): void {
    if (stopping || held.has(stored.seq)) return;
    held.add(stored.seq);
    const lane = laneOf(stored.event as Event);
    if (options.urgencyOf?.(stored.event as Event)) urgent.add(lane);
    const queue = lanes.get(lane);
    if (queue) queue.push(stored);
    else lanes.set(lane, [stored]);
    work();
  }

  function work(): void {
    // A lane that stops with events in its queue would begin anew at once, for ever.
    if (stopping) return;
    const places = lanesAtOnce + Math.min(waiting, lanesWaiting);
    takeUp(urgent, places + urgentLanesAtOnce);
    takeUp(lanes.keys(), places);
  }

  function takeUp(waitingLanes: Iterable<string>, places: number): void {
    for (const lane of waitingLanes) {
      if (working.size >= places) return;
      if (!working.has(lane))
        working.set(
          lane,
          drain(lane).finally(() => finish(lane)),
        );
    }
  }

  function finish(lane: string): void {
    working.delete(lane);
    if (lanes.get(lane)?.length === 0) {
      lanes.delete(lane);
      urgent.delete(lane);
    }
    work();
  }

  async function drain(lane: string): Promise<void> {
    const queue = lanes.get(lane) ?? [];
    while (queue.length > 0 && !stopping) {
      const stored = queue[0] as StoredEvent;
      await dispatchUntilDone(stored);
      nextDone.get(lane)?.resolve(true);
      nextDone.delete(lane);
      queue.shift();
      held.delete(stored.seq);
      if (mayBeMore && held.size < fewLeft) sweepNow();
    }
  }

  /** An outage of Temporal or the store is waited out, with the lease kept: later events of the lane must not pass. */
  async function dispatchUntilDone(stored: StoredEvent): Promise<void> {
    // An urgent one waits for no other incident's run: it has one of its own where it is not known which it is to join.
    const isUrgent = options.urgencyOf?.(stored.event as Event) === true;
    for (let faults = 0, waits = 0; !stopping; ) {
      try {
        const triggers = asTheyStand(options.triggers, await lowerings());
        return await dispatch(stored, { ...options, triggers }, waits < waitsAtMost && !isUrgent);
      } catch (error) {
        if (isTemporalAway(error)) await aside(options.temporal.untilBack(error));
        else if (error instanceof GathererNotKnown) {
          const isNews = await aside(untilNews(error.waitsFor, Math.min(50 * 2 ** waits, longestWait)));
          // While Temporal is away no run begins, whoever waits for it.
          if (!isNews && options.temporal.up) waits += 1;
        } else if ((error as Error).name === 'StoreUnavailable') await pause(500);
        else {
          faults += 1;
          const { id, subject } = stored.event as Event;
          log.error({ event: id, incident: subject, err: error }, 'An event could not be dispatched');
          // Where it cannot even be parked, it stays this process's, which must not forget it.
          if (faults >= attemptsAtMost && (await isParked(stored, error as Error))) return;
          await pause(200 * Math.min(faults, attemptsAtMost));
        }
      }
    }
  }

  /** Whether an event of the incident was done here before the time was over. Another process may have it. */
  function untilNews(incident: string | undefined, milliseconds: number): Promise<boolean> {
    const over = pause(milliseconds).then(() => false);
    if (incident === undefined || !lanes.has(incident)) return over;
    const done = nextDone.get(incident) ?? Promise.withResolvers<true>();
    nextDone.set(incident, done);
    return Promise.race([over, done.promise]);
  }

  /** While a lane waits for this, another one has its place. */
  async function aside<T>(until: Promise<T>): Promise<T> {
    waiting += 1;
    work();
    return until.finally(() => {
      waiting -= 1;
    });
  }

  async function isParked({ seq }: StoredEvent, { message }: Error): Promise<boolean> {
    const parked = { seq, disposition: 'parked' as const, reason: `dispatcher: ${message}` };
    try {
      await store.settle({ ...parked, started: [], entries: [] });
      options.count?.('parked');
      return true;
    } catch (error) {
      log.warn({ err: error, seq }, 'An event could not be parked');
      return false;
    }
  }

  /** Ends each pause that is under way. */
  const pauses = new Set<() => void>();
  function pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        pauses.delete(end);
        resolve();
      };
      const timer = setTimeout(end, milliseconds).unref();
      pauses.add(end);
      if (stopping) end();
    });
  }

  /** While Temporal is away nothing is claimed: it would only fill the memory, and count as an attempt. */
  function room(): number | undefined {
    const { up, refuses } = options.temporal;
    // Those of urgent incidents are claimed beside.
    if (up) return held.size > fewLeft ? 0 : claimedAtOnce;
    return refuses && held.size < fewWhenRefused ? fewWhenRefused - held.size : undefined;
  }

  async function sweep(): Promise<void> {
    const most = room();
    if (stopping || most === undefined) return;
    try {
      const claimed = await store.claim(most);
      mayBeMore = claimed.length > 0;
      for (const stored of claimed) enqueue(stored);
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
  options.temporal.onUp(sweepNow);
  sweepNow();

  return {
    enqueue,
    mayEnqueue: () => !stopping && options.temporal.up,
    wake,
    async stop() {
      stopping = true;
      clearInterval(sweeper);
      clearInterval(renewer);
      clearTimeout(waking);
      for (const end of [...pauses]) end();
      await options.temporal.stop();
      await Promise.all([...working.values(), sweeping]);
      await store.release().catch(() => {});
    },
  };
}
