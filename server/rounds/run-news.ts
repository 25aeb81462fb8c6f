import type { ApprovalEvent } from '../../domain/approval.ts';
import type { Delivery } from '../../domain/delivery.ts';
import type { Event, EventType, WaitsFor } from '../../domain/event.ts';
import type { RunCause } from '../../domain/incident.ts';
import type { QuestionEvent } from '../../domain/question.ts';
import type { RunRow } from '../../domain/run.ts';
import { toldOf } from '../../domain/run-end.ts';
import { runStarted, runWaiting, runWentOn } from '../../domain/run-news.ts';
import type { Store } from '../../store/store.ts';
import type { Trigger } from '../../triggers/trigger.ts';
import { causeOf } from '../dispatch/cause.ts';
import { asksPeople, ledTo, type Plan } from '../dispatch/decide.ts';

type Told = Omit<Delivery, 'body'>;

/**
 * Whether a trigger would hear of this run: one listens to events of this type, and has not led to the run itself. What nobody hears is not
 * told: each event costs a row, and a dispatch.
 */
const isHeard = (
  type: EventType,
  run: { trigger: string; chain?: readonly string[] | undefined },
  triggers: readonly Pick<Trigger, 'name' | 'on'>[],
): boolean => {
  const before = ledTo(run);
  return triggers.some(({ name, on }) => on.includes(type) && !before.includes(name));
};

/** A run that begins, as its event tells it. */
type Begun = Pick<RunRow, 'id' | 'trigger' | 'workflow' | 'target' | 'subject'>;

/** Tells that a run has begun, where a trigger listens. It may be told again. */
export async function tellStarted(
  { id, trigger, workflow, target, subject }: Begun,
  cause: RunCause,
  { store, triggers, via }: { store: Pick<Store, 'tell'>; triggers: readonly Trigger[]; via: string },
): Promise<void> {
  if (!isHeard('run.started', cause, triggers)) return;
  const at = new Date().toISOString();
  const about = subject === undefined ? {} : { subject };
  const run = { id, trigger, workflow, target, ...about, eventSeq: 0, createdAt: at };
  await store.tell(runStarted(run, { at, via, ...toldOf(cause) }));
}

/** What people are asked by a run, as the run waits for it. */
function waitsFor(data: ApprovalEvent | QuestionEvent): WaitsFor {
  const { state, summary } = data;
  if ('approvalId' in data) return { kind: 'approval', id: data.approvalId, summary, state };
  return { kind: data.isParked ? 'parked' : 'answer', id: data.questionId, summary, state };
}

/** That a run waits for what was asked, or goes on after it; undefined where the event tells neither, or no trigger listens. */
async function newsOf(
  event: Event,
  { store, triggers }: { store: Pick<Store, 'findRun' | 'findCause'>; triggers: readonly Trigger[] },
): Promise<Told | undefined> {
  if (!asksPeople(event) || event.type.endsWith('.waiting')) return undefined;
  const type = event.type.endsWith('.asked') ? 'run.waiting' : 'run.went_on';
  if (!triggers.some(({ on }) => on.includes(type))) return undefined;
  const [run, kept] = await Promise.all([store.findRun(event.data.runId), store.findCause(event.data.runId)]);
  // What was withdrawn because its run has ended: the end tells it.
  if (!run || run.endedAt !== undefined) return undefined;
  const cause = causeOf.safeParse(kept).data;
  if (!isHeard(type, { trigger: run.trigger, chain: cause?.chain }, triggers)) return undefined;
  const telling = {
    at: event.time,
    via: 'dispatch',
    worker: run.worker,
    ...toldOf(cause),
  };
  const tell = type === 'run.waiting' ? runWaiting : runWentOn;
  return tell(run, waitsFor(event.data), telling);
}

/**
 * Tells what follows from an event for runs: that those which it starts have begun, and that one waits for people or goes on. Before the event
 * is settled, so that a crash loses none of it; told again they are the same events.
 */
export async function tellOfRuns(
  event: Event,
  { starts, begun }: Pick<Plan, 'starts' | 'begun'>,
  options: { store: Store; triggers: readonly Trigger[] },
): Promise<void> {
  const { store, triggers } = options;
  for (const { cause, ...start } of starts) {
    const { subject } = event;
    const run = { ...start, target: cause.target, ...(subject === undefined ? {} : { subject }) };
    await tellStarted(run, cause, { ...options, via: 'dispatch' });
  }
  // Of those that an earlier process began for this event, it may not have been told any more.
  for (const id of triggers.some(({ on }) => on.includes('run.started')) ? begun : []) {
    const [run, kept] = await Promise.all([store.findRun(id), store.findCause(id)]);
    const cause = causeOf.safeParse(kept).data;
    if (run && cause) await tellStarted(run, cause, { ...options, via: 'dispatch' });
  }
  const news = await newsOf(event, options);
  if (news) await store.tell(news);
}

/** What has led to the run that asks people, where the event tells of one that does. */
export async function askedInOf(
  event: Event,
  store: Pick<Store, 'findCause'>,
): Promise<{ trigger: string; chain?: readonly string[] } | undefined> {
  return asksPeople(event) ? causeOf.safeParse(await store.findCause(event.data.runId)).data : undefined;
}
