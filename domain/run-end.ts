import type { Delivery } from './delivery.ts';
import { isDrill } from './drill.ts';
import type { Reference, RunCause } from './incident.ts';
import { isWatching } from './mode.ts';
import type { Entry, EntryOf } from './record.ts';
import type { RunRow, RunState, WhenOverdue, WorkerBuild } from './run.ts';
import { type StartedBy, startedByIn } from './run-beginning.ts';
import { defaultConnection, subjectOf } from './subject.ts';

export interface RunEnd {
  id: string;
  workflow: string;
  /** It changed nothing. */
  mode?: RunCause['mode'];
  /** Its incident is a drill. */
  drill?: true;
  state: Exclude<RunState, 'starting' | 'running'>;
  outcome: string;
  failure?: RunRow['failure'];
  /** Whether what it has done has helped. Left out: it has not looked, or changed nothing. */
  verified?: boolean;
  /** Left out: the one that is known stays. */
  worker?: WorkerBuild;
  entry: Entry;
  /** As a delivery without bytes: the envelope is the event. */
  event: Omit<Delivery, 'body'>;
}

/** What else the engine knows when it tells of a run. */
export interface RunTelling {
  at: string;
  /** Who found out: `worker`, `reconcile` or `watchdog`. */
  via: string;
  /** Of the run's cause: the account that its incident is of. */
  connection?: string | undefined;
  /** Of the run's cause. */
  mode?: RunCause['mode'] | undefined;
  /** The worker whose code carries it out, or ended it. Left out: the last one that is known. */
  worker?: WorkerBuild | undefined;
  /** Of the run's cause. */
  incident?: { drill?: unknown; url?: string | undefined; service?: unknown } | undefined;
  /** Of the run's cause. */
  tags?: RunCause['tags'] | undefined;
  chain?: RunCause['chain'] | undefined;
  /** Of the run's cause: who has asked for it or started it. Left out: a trigger has. */
  startedBy?: StartedBy | undefined;
}

/** What the engine's events say of a run by its cause. */
export const toldOf = (
  cause: Partial<Omit<RunTelling, 'startedBy'>> & Parameters<typeof startedByIn>[0] = {},
) => ({
  connection: cause.connection,
  mode: cause.mode,
  incident: cause.incident,
  tags: cause.tags,
  chain: cause.chain,
  startedBy: startedByIn(cause),
});

/** How a run ended, in its own words or in Temporal's. */
export type RunEnding = Pick<RunEnd, 'state' | 'outcome' | 'failure' | 'verified'> &
  RunTelling & {
    /** The run itself says that what it is for is done and well. */
    healthy?: boolean;
  };

const actionOf = {
  completed: 'run.completed',
  failed: 'run.failed',
  'timed out': 'run.timed_out',
  cancelled: 'run.cancelled',
} as const;

/** An incident's id at PagerDuty, where the subject of a run is one. */
function incidentIdOf(subject: string | undefined, connection: string): string | undefined {
  const id = subject?.split(/[^A-Z0-9]/).at(-1) ?? '';
  return id !== '' && subject === subjectOf(connection, id) ? id : undefined;
}

/** A service as its incident tells it. A cause that lies in the store may be of any version. */
function serviceOf(incident: RunTelling['incident']): { service?: Reference } {
  const { id, name } = (incident?.service ?? {}) as Partial<Reference>;
  return id === undefined ? {} : { service: { id, name: name ?? '' } };
}

/**
 * The engine's own event about a run, as the store takes it: what it says of the run itself, and `more`. `which`: of several of its type about
 * one run.
 */
export function runEvent(
  type: `${'run' | 'activity'}.${string}`,
  run: Omit<RunRow, 'state'>,
  { at, via, connection = defaultConnection, mode, incident, startedBy, worker, ...telling }: RunTelling,
  more: object,
  which?: string,
): Omit<Delivery, 'body'> {
  const id = which === undefined ? `${type}/${run.id}` : `${type}/${run.id}/${which}`;
  const source = '/baton';
  const apart = isDrill(incident) ? 'drill/' : isWatching(mode) ? `${mode}/` : '';
  const subject = subjectOf(connection, `${apart}${run.workflow}/${run.target}`);
  const incidentId = incidentIdOf(run.subject, connection);
  const data = {
    runId: run.id,
    workflow: run.workflow,
    ...(telling.tags ? { tags: telling.tags } : {}),
    trigger: run.trigger,
    ...(telling.chain ? { chain: telling.chain } : {}),
    ...serviceOf(incident),
    target: run.target,
    ...(incidentId === undefined ? {} : { incidentId }),
    ...(incident?.url === undefined ? {} : { incidentUrl: incident.url }),
    ...(startedBy ? { startedBy } : {}),
    ...(mode ? { mode } : {}),
    ...(isDrill(incident) ? { drill: true } : {}),
    ...(worker ? { worker } : {}),
    ...more,
    startedAt: run.createdAt,
  };
  const ofAccount = connection === defaultConnection ? {} : { connection };
  return {
    source,
    eventId: id,
    type,
    subject,
    time: at,
    event: { id, source, type, ...ofAccount, subject, time: at, data },
    actor: 'baton',
    via,
  };
}

/**
 * The end of a run as the store takes it: its line in the record, and the engine's own event. The event's subject is what the
 * run was about (`<workflow>/<target>`), so that the next good run meets those that still wait for it; those of another account do not,
 * and a run that only watched meets none: it changed nothing, so its failure pages nobody, and that it went well takes no page back. Nor does
 * one on a drill's incident: whoever made the drill looks how it ends.
 */
export function runEnd(run: RunRow, ending: RunEnding): RunEnd {
  const { state, outcome, healthy = false, failure, verified, at, via, mode, worker = run.worker } = ending;
  const type = actionOf[state];
  const said = {
    outcome,
    ...(failure ? { failure } : {}),
    ...(verified === undefined ? {} : { verified }),
  };
  const by = { ...(mode ? { mode } : {}), ...(worker ? { worker } : {}) };
  return {
    id: run.id,
    workflow: run.workflow,
    ...(mode ? { mode } : {}),
    ...(isDrill(ending.incident) ? { drill: true as const } : {}),
    state,
    outcome,
    ...(failure ? { failure } : {}),
    ...(verified === undefined ? {} : { verified }),
    ...(worker ? { worker } : {}),
    entry: {
      at,
      actor: `trigger:${run.trigger}`,
      via,
      action: type,
      subject: run.subject ?? run.id,
      detail: { run: run.id, workflow: run.workflow, ...said, ...by, healthy },
    },
    event: runEvent(type, run, { ...ending, worker }, { ...said, healthy, endedAt: at }),
  };
}

/** That a run has not ended in the time that its trigger gives it. The event's subject is that of its end, which so follows it. */
export function runOverdue(
  run: RunRow,
  { dueAt, whenOverdue, ...telling }: RunTelling & { dueAt: string; whenOverdue: WhenOverdue },
): { entry: EntryOf<'run.overdue'>; event: Omit<Delivery, 'body'> } {
  const { at, via } = telling;
  const overdue = { dueAt, whenOverdue };
  return {
    entry: {
      at,
      actor: 'baton',
      via,
      action: 'run.overdue',
      subject: run.subject ?? run.id,
      detail: { run: run.id, workflow: run.workflow, ...overdue },
    },
    event: runEvent(
      'run.overdue',
      run,
      { worker: run.worker, ...telling },
      {
        outcome: 'overdue',
        healthy: false,
        ...overdue,
      },
    ),
  };
}
