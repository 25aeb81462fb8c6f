import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { type Event, isRequest, laneOf } from '../domain/event.ts';
import type { Authority } from '../secrets/authority.ts';
import type { Situation } from '../store/dispatch.ts';
import type { StoredEvent } from '../store/inbox.ts';
import type { Store } from '../store/store.ts';
import type { StoredConnections } from '../store/stored-connections.ts';
import { asTheyStand, type Trigger } from '../triggers/trigger.ts';
import { alertChange, alertKeepersOf } from './alert-keepers.ts';
import { asksPeople, decide, type Gatherings, type Plan } from './decide.ts';
import { doubtsAbout, doubtText } from './doubts.ts';
import { onceASecond } from './fresh.ts';
import { answeredEntry, dispositionOf, runsOf, startedEntry } from './outcome.ts';
import { twinOf } from './pagerduty/ways.ts';
import { askedInOf, tellOfRuns } from './run-news.ts';
import { catchUp, echoOf, gatheredEvent, laterEvent, startRun, tellRun } from './runs.ts';
import { GathererNotKnown, gatheringsOf } from './storm.ts';
import { isTemporalAway, type TemporalState } from './temporal-state.ts';
import { raiseRuns, type UrgencyOf } from './urgency.ts';

export interface DispatcherOptions {
  store: Store;
  client: Client;
  triggers: readonly Trigger[];
  /** Left out: there is only `default`, and no route. */
  connections?: Pick<StoredConnections, 'known'> | undefined;
  /** PagerDuty's log is pulled: what it tells may come by a webhook too. */
  pulls?: boolean;
  taskQueue: string;
  /** Urgent incidents go before others. Left out: none is urgent. */
  urgencyOf?: UrgencyOf;
  /** Signs the cause of each run. */
  authority: Authority;
  /** The client's connection is that of a worker in this process, which then gets a new run's first task with the answer. */
  eagerStart: boolean;
  temporal: TemporalState;
  log: Logger;
  /** Counts what became of events. */
  count?: (disposition: string) => void;
  /** Counts approvals and questions that were asked, reminders of them, and how they ended: by the type of the event. */
  countAsked?: (type: string) => void;
}

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
          await aside(pause(Math.min(50 * 2 ** waits, longestWait)));
          // While Temporal is away no run begins, whoever waits for it.
          if (options.temporal.up) waits += 1;
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

  /** While a lane waits for this, another one has its place. */
  async function aside(until: Promise<void>): Promise<void> {
    waiting += 1;
    work();
    await until.finally(() => {
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

  let endPause = () => {};
  const stopped = new Promise<void>((resolve) => {
    endPause = resolve;
  });
  const pause = (milliseconds: number) =>
    Promise.race([stopped, new Promise<void>((resolve) => setTimeout(resolve, milliseconds).unref())]);

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
      endPause();
      await options.temporal.stop();
      await Promise.all([...working.values(), sweeping]);
      await store.release().catch(() => {});
    },
  };
}

/** One event, from the store to Temporal. Everything in it may be done again. */
async function dispatch(stored: StoredEvent, options: DispatcherOptions, mayWait: boolean): Promise<void> {
  const { store, log } = options;
  const event = stored.event as Event;
  // Before the echo: what was told by another way would claim that of another effect. Without pulling each happening comes by one way.
  const twin = options.pulls ? await twinOf(event, stored.seq, store) : undefined;
  if (twin !== undefined) return leaveToTwin(stored, twin, options);
  const [situation, echo, connections, keepers, gatherings] = await Promise.all([
    situationOf(event, stored.seq, store),
    echoOf(event, stored.receivedAt, store),
    options.connections?.known(),
    alertKeepersOf(event, options),
    gatheringsOf({ seq: stored.seq, event }, options.triggers, store, mayWait),
  ]);
  const decideWith = (known: Gatherings) =>
    decide({ seq: stored.seq, event }, situation, options.triggers, echo, connections?.routes, known);
  const plan = await joinGatherers(event, situation, decideWith(gatherings), options).catch(
    (error: unknown) => {
      if (mayWait || !(error instanceof GathererNotKnown)) throw error;
      return decideWith({});
    },
  );
  const urgent = isUrgentNow(plan, options.urgencyOf?.(event), situation);
  // Before it is written that the incident is urgent, so that it is done again where this is the last that the process does.
  if (urgent && !situation.incident?.urgent)
    await raiseRuns([...plan.tell, ...plan.joined, ...plan.joins.map(({ run }) => run)], options);
  const decision = {
    ...(plan.incident ? { incident: { ...plan.incident, ...(plan.incident.told ? { urgent } : {}) } } : {}),
    ...(plan.takenOver ? { takenOver: plan.takenOver } : {}),
    entries: [answeredEntry(event, plan)],
  };
  const kept = plan.hold?.disposition === 'stale' ? [] : keepers.filter((id) => !plan.tell.includes(id));
  const isIdle = [plan.starts, plan.tell, plan.joins, plan.joined, kept].every(({ length }) => length === 0);
  if (!isIdle) await store.decide({ seq: stored.seq, ...decision, runs: runsOf(plan, stored.seq, event) });
  await Promise.all(plan.starts.map((start) => startRun({ ...start, urgent }, options)));
  const { subject, id: eventId } = event;
  if (plan.overtaken && subject !== undefined)
    for (const { id } of plan.starts) await catchUp({ id, subject, eventId }, options);
  const time = plan.incident?.seenAt ?? event.time;
  const later = { ...laterEvent(event, echo, urgent), time };
  const stands = gatheredEvent(event, { urgent });
  const reached = await Promise.all([
    ...plan.tell.map((id) => tellRun(id, [later], options.client)),
    ...kept.map((id) => tellRun(id, alertChange(event), options.client)),
    ...(stands ? plan.joined.map((id) => tellRun(id, [stands], options.client)) : []),
  ]);
  // One may have ended meanwhile.
  const told = reached.filter(Boolean).length;
  await tellOfRuns(event, plan, options);
  const { disposition, reason } = dispositionOf(plan, told);
  const started = plan.starts.map((start) => ({ start, doubts: doubtsAbout(start.cause, connections) }));
  for (const { start, doubts } of started)
    if (doubts.length > 0)
      log.warn({ event: event.id, incident: event.subject, run: start.id }, doubtText(doubts));
  const isOurs = await store.settle({
    seq: stored.seq,
    disposition,
    reason,
    started: plan.starts.map(({ id }) => id),
    entries: started.map(({ start, doubts }) => startedEntry(event, start, doubts)),
    ...(isIdle ? { decision } : {}),
  });
  if (!isIdle) options.temporal.seen();
  if (isOurs) options.count?.(disposition);
  if (isOurs && asksPeople(event)) options.countAsked?.(event.type);
  log.info(
    { event: event.id, incident: event.subject, runs: plan.starts.map(({ id }) => id), disposition },
    reason,
  );
}

/**
 * Tells the runs that a new incident of a storm joins. This comes before the decision is written, so that the record names only runs that know
 * of it: a run takes each event once. Rejects where one cannot be told yet, or has ended.
 */
async function joinGatherers(
  event: Event,
  { incident: seen }: Situation,
  plan: Plan,
  { client, urgencyOf }: Pick<DispatcherOptions, 'client' | 'urgencyOf'>,
): Promise<Plan> {
  if (plan.waitsFor !== undefined)
    throw new GathererNotKnown(`It is not known what becomes of ${plan.waitsFor}`);
  const overtakenBy = plan.overtaken === undefined ? undefined : seen?.status;
  const stands = gatheredEvent(event, { overtakenBy, urgent: urgencyOf?.(event) });
  for (const { run } of plan.joins)
    if (!stands || !(await tellRun(run, [stands], client)))
      throw new GathererNotKnown(`The run ${run} has ended`);
  return plan;
}

/** As its newest event tells the incident: that is this one, unless it tells of none or is overtaken. */
const isUrgentNow = (plan: Plan, told: boolean | undefined, { incident: known }: Situation): boolean =>
  (plan.overtaken === undefined ? (told ?? known?.urgent) : (known?.urgent ?? told)) === true;

/** An event that tells of what an earlier one has told by another way changes nothing. */
async function leaveToTwin(
  { seq, event: envelope }: StoredEvent,
  first: number,
  { store, log, count }: DispatcherOptions,
): Promise<void> {
  const event = envelope as Event;
  const hold = {
    disposition: 'duplicate',
    reason: `tells of the same as number ${first}, by another way`,
  } as const;
  const entries = [answeredEntry(event, { answers: [], hold })];
  const isOurs = await store.settle({ seq, ...hold, started: [], entries: [], decision: { entries } });
  if (isOurs) count?.(hold.disposition);
  log.info({ event: event.id, incident: event.subject, disposition: hold.disposition }, hold.reason);
}

async function situationOf(event: Event, seq: number, store: Store): Promise<Situation> {
  const { subject } = event;
  const [situation, askedBefore, askedIn] = await Promise.all([
    subject === undefined ? { runs: [] } : store.situation(subject, seq),
    isRequest(event) ? store.askedBefore({ personId: event.agent.id, seq, subject }) : [],
    askedInOf(event, store),
  ]);
  return { ...situation, askedBefore, ...(askedIn ? { askedIn } : {}) };
}
