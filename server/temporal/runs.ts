import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { z } from 'zod';
import type { Event } from '../../domain/event.ts';
import type { Gathered, LaterEvent } from '../../domain/incident.ts';
import { millisecondsAhead } from '../../domain/moment.ts';
import { urgentPriorityKey } from '../../domain/urgency.ts';
import type { Authority } from '../../secrets/authority.ts';
import type { Echo } from '../../store/changes/echoes.ts';
import type { Store } from '../../store/store.ts';
import { laterEvents, type RunMemo } from '../../workflows/kit/run.ts';
import { incidentOf, type Start } from '../dispatch/decide.ts';

/** A Temporal that hangs takes calls and never answers them: after this it counts as away. Each call may be made again. */
export const callMilliseconds = 5_000;
/** The newest events of a subject, of which a run learns that begins after them. */
const laterAtMost = 200;

export interface RunStarter {
  client: Client;
  taskQueue: string;
  /** The client's connection is that of a worker in this process, which then gets a new run's first task with the answer. */
  eagerStart: boolean;
  /** Signs the cause of each run. */
  authority: Authority;
}

/**
 * Starts a run in Temporal, new or lost, with its cause and what shows that it was us. The same start gives the same signature. An urgent
 * one goes before others, with its activities. False: it was there already, and nothing happened.
 */
export async function startRun(
  start: Pick<Start, 'id' | 'workflow' | 'input' | 'cause'> & { urgent?: boolean },
  { client, taskQueue, eagerStart, authority }: RunStarter,
): Promise<boolean> {
  const { id: runId, workflow, input, cause, urgent } = start;
  const memo: RunMemo = { cause, signature: authority.sign({ runId, workflow, input, cause }) };
  try {
    await client.withDeadline(Date.now() + callMilliseconds, () =>
      client.workflow.start(workflow, {
        workflowId: runId,
        taskQueue,
        args: [input],
        memo: { ...memo },
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        requestEagerStart: eagerStart,
        ...(urgent ? { priority: { priorityKey: urgentPriorityKey } } : {}),
        // A worker that dies with a task in hand is noticed after this, not after the default 10 s.
        workflowTaskTimeout: '3 seconds',
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

/** Signals later events to a run. False: it has ended. */
export async function tellRun(id: string, later: LaterEvent[], client: Client): Promise<boolean> {
  try {
    await client.withDeadline(Date.now() + callMilliseconds, () =>
      client.workflow.getHandle(id).signal(laterEvents, later),
    );
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** Whether Temporal says that a run has ended. Of one that it has lost it says nothing: that is started again. */
export async function hasEnded(id: string, client: Client): Promise<boolean> {
  try {
    const { closeTime } = await client.withDeadline(Date.now() + callMilliseconds, () =>
      client.workflow.getHandle(id).describe(),
    );
    return closeTime !== undefined;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** An event as the live runs of its subject get it. */
export function laterEvent(event: Event, echo: Echo | undefined, urgent?: boolean): LaterEvent {
  const incident = incidentOf(event);
  const by =
    echo?.actor.kind === 'person'
      ? { kind: 'person' as const, id: echo.actor.email ?? echo.actor.name, name: echo.actor.name }
      : event.agent;
  return {
    eventId: event.id,
    type: event.type,
    time: event.time,
    ...(by ? { by } : {}),
    echo: echo !== undefined && echo.actor.kind !== 'person',
    ...(urgent ? { urgent } : {}),
    ...(incident ? { incident } : { data: event.data }),
  };
}

const tellsOfStatus = new Set<string>(
  ['triggered', 'acknowledged', 'unacknowledged', 'reopened', 'resolved'].map(
    (change) => `pagerduty.incident.${change}`,
  ),
);

/** How an incident stands, as a run gets it that it has joined in a storm. Undefined where the event tells of no status. */
export function gatheredEvent(
  event: Event,
  { overtakenBy, urgent }: { overtakenBy?: string | undefined; urgent?: boolean | undefined } = {},
): LaterEvent | undefined {
  const incident = incidentOf(event);
  if (!incident || !tellsOfStatus.has(event.type)) return undefined;
  const { id: incidentId, number, title, url, status } = incident;
  const gathered: Gathered = {
    incidentId,
    ...(number === undefined ? {} : { number }),
    title,
    ...(url === undefined ? {} : { url }),
    status: overtakenBy ?? status,
    isNew: event.type === 'pagerduty.incident.triggered',
  };
  return {
    eventId: event.id,
    type: 'incident.gathered',
    time: event.time,
    echo: false,
    ...(urgent ? { urgent } : {}),
    data: gathered,
  };
}

/** A new incident cannot be the echo of a change to it. */
export async function echoOf(event: Event, receivedAt: string, store: Store): Promise<Echo | undefined> {
  const isAboutIncident =
    /^(pagerduty\.incident|jira\.issue)\./.test(event.type) && event.subject !== undefined;
  if (!isAboutIncident || event.type === 'pagerduty.incident.triggered') return undefined;
  const { subject = '', type, id, source, time } = event;
  return store.claimEcho({ subject, type, eventId: id, source, time, receivedAt });
}

/** What was stored is an envelope of ours; only rows of an event that could be read have one. */
const envelope = z.custom<Event>(
  (value) => z.object({ id: z.string(), type: z.string(), time: z.string() }).safeParse(value).success,
);

/** What has come of a subject and was taken, in the order in which it happened. */
async function takenEvents(subject: string, store: Store): Promise<{ event: Event; receivedAt: string }[]> {
  const rows = await store.listEvents({ subject, limit: laterAtMost });
  const taken = rows.flatMap(({ event, receivedAt, disposition }) => {
    const { success, data } = envelope.safeParse(event);
    return success && disposition !== undefined && disposition !== 'duplicate'
      ? [{ event: data, receivedAt }]
      : [];
  });
  return taken.sort((one, other) => Date.parse(one.event.time) - Date.parse(other.event.time));
}

/** Tells a run that begins late what has happened on its subject since its event. It takes each event once. */
export async function catchUp(
  run: { id: string; subject: string; eventId: string },
  { store, client }: { store: Store; client: Client },
): Promise<void> {
  const own = await store.findEvent(run.eventId, run.subject);
  if (!own) return;
  const later: LaterEvent[] = [];
  for (const { event, receivedAt } of await takenEvents(run.subject, store))
    if (event.id !== run.eventId && millisecondsAhead(event.time, own.time) >= 0)
      later.push(laterEvent(event, await echoOf(event, receivedAt, store)));
  if (later.length > 0) await tellRun(run.id, later, client);
}

/** So many incidents of a storm a run is told of once more. It follows no more than that. */
const gatheredAtMost = 500;

/** Tells a run that begins anew which incidents have joined it in a storm, and how they stand. It takes each event once. */
export async function gatherAgain(
  run: string,
  { store, client }: { store: Store; client: Client },
): Promise<void> {
  for (const subject of await store.gatheredBy(run, gatheredAtMost)) {
    const events = (await takenEvents(subject, store)).flatMap(({ event }) => gatheredEvent(event) ?? []);
    if (events.length > 0) await tellRun(run, events, client);
  }
}
