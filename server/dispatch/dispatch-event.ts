import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { type Event, isRequest } from '../../domain/event.ts';
import type { Subscription } from '../../domain/subscription.ts';
import type { Authority } from '../../secrets/authority.ts';
import type { Echo } from '../../store/changes/echoes.ts';
import type { StoredConnections } from '../../store/connections/stored-connections.ts';
import type { Situation } from '../../store/events/dispatch.ts';
import type { StoredEvent } from '../../store/events/inbox.ts';
import type { Store } from '../../store/store.ts';
import type { Trigger } from '../../triggers/trigger.ts';
import { doubtsAbout, doubtText } from '../doubts.ts';
import { twinOf } from '../pagerduty/ways.ts';
import { askedInOf, tellOfRuns } from '../rounds/run-news.ts';
import { catchUp, echoOf, gatheredEvent, hasEnded, laterEvent, startRun, tellRun } from '../temporal/runs.ts';
import type { TemporalState } from '../temporal/temporal-state.ts';
import { alertChange, alertKeepersOf } from './alert-keepers.ts';
import { asksPeople, decide, type Gatherings, type Plan } from './decide.ts';
import { withHeard } from './heard.ts';
import { answeredEntry, dispositionOf, runsOf, startedEntry } from './outcome.ts';
import { GathererNotKnown, gatheringsOf } from './storm.ts';
import { raiseRuns, type UrgencyOf } from './urgency.ts';

export interface DispatcherOptions {
  store: Store;
  client: Client;
  triggers: readonly Trigger[];
  /** Who hears of runs beside triggers. Left out: nobody. */
  subscriptions?: readonly Subscription[] | undefined;
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

/** One event, from the store to Temporal. Everything in it may be done again. */
export async function dispatch(
  stored: StoredEvent,
  options: DispatcherOptions,
  mayWait: boolean,
): Promise<void> {
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
  const decideIn = async (known: Situation) => {
    const decideWith = (gathered: Gatherings) =>
      decide({ seq: stored.seq, event }, known, options.triggers, echo, connections?.routes, gathered);
    const plan = await joinGatherers(event, known, decideWith(gatherings), options).catch(
      (error: unknown) => {
        if (mayWait || !(error instanceof GathererNotKnown)) throw error;
        return decideWith({});
      },
    );
    plan.starts = plan.starts.map((start) => ({
      ...start,
      cause: withHeard(start.cause, start.workflow, options),
    }));
    return { plan, ...(await tellLive(event, known, plan, echo, options)) };
  };
  let decided = await decideIn(situation);
  // What joins a run that has ended meanwhile would be lost. Each time there is one live run less.
  for (const ended = new Set<string>(); decided.missed.length > 0; ) {
    for (const id of decided.missed) ended.add(id);
    decided = await decideIn(without(situation, ended));
  }
  const { plan, urgent } = decided;
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
  const stands = gatheredEvent(event, { urgent });
  const reached = await Promise.all([
    ...kept.map((id) => tellRun(id, alertChange(event), options.client)),
    ...(stands ? plan.joined.map((id) => tellRun(id, [stands], options.client)) : []),
  ]);
  const told = decided.told + reached.filter(Boolean).length;
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
 * Tells the live runs on the subject, and puts them before others where the incident has become urgent. This comes before the decision is
 * written, so that no answer is written for which a run stands that has ended: those are `missed`.
 */
async function tellLive(
  event: Event,
  known: Situation,
  plan: Plan,
  echo: Echo | undefined,
  options: DispatcherOptions,
): Promise<{ urgent: boolean; told: number; missed: string[] }> {
  const { tell, joined, joins, answers, incident } = plan;
  const urgent = isUrgentNow(plan, options.urgencyOf?.(event), known);
  // Before it is written that the incident is urgent, so that it is done again where this is the last that the process does.
  if (urgent && !known.incident?.urgent)
    await raiseRuns([...tell, ...joined, ...joins.map(({ run }) => run)], options);
  const later = { ...laterEvent(event, echo, urgent), time: incident?.seenAt ?? event.time };
  const reached = await Promise.all(tell.map((id) => tellRun(id, [later], options.client)));
  const standing = new Set(answers.flatMap(({ answer, reason }) => (answer === 'joined' ? [reason] : [])));
  const missed: string[] = [];
  for (const [place, id] of tell.entries())
    if (!reached[place] && standing.has(id) && (await hasEnded(id, options.client))) missed.push(id);
  return { urgent, told: reached.filter(Boolean).length, missed };
}

/** As if these runs had said their end, which they have not yet, or cannot. */
const without = (situation: Situation, ended: ReadonlySet<string>): Situation => ({
  ...situation,
  runs: situation.runs.map((run) => (ended.has(run.id) ? { ...run, state: 'completed' } : run)),
});

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
    throw new GathererNotKnown(`It is not known what becomes of ${plan.waitsFor}`, plan.waitsFor);
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
