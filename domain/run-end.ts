import type { Delivery } from './delivery.ts';
import type { RunCause } from './incident.ts';
import type { Entry } from './record.ts';
import type { RunRow, RunState, WorkerBuild } from './run.ts';
import { defaultConnection, subjectOf } from './subject.ts';

export interface RunEnd {
  id: string;
  workflow: string;
  /** It changed nothing. */
  mode?: RunCause['mode'];
  state: Exclude<RunState, 'starting' | 'running'>;
  outcome: string;
  failure?: RunRow['failure'];
  /** Left out: the one that is known stays. */
  worker?: WorkerBuild;
  entry: Entry;
  /** As a delivery without bytes: the envelope is the event. */
  event: Omit<Delivery, 'body'>;
}

/** How a run ended, in its own words or in Temporal's. */
export type RunEnding = Pick<RunEnd, 'state' | 'outcome' | 'failure'> & {
  at: string;
  /** The run itself says that what it is for is done and well. */
  healthy?: boolean;
  /** Who found out: `worker` or `reconcile`. */
  via: string;
  /** Of the run's cause: the account that its incident is of. */
  connection?: string | undefined;
  /** Of the run's cause. */
  mode?: RunCause['mode'] | undefined;
  /** The worker whose code ended it. Left out: the last one that is known. */
  worker?: WorkerBuild | undefined;
  /** Of the run's cause: where people see its incident. */
  incidentUrl?: string | undefined;
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

/**
 * The end of a run as the store takes it: its line in the record, and the engine's own event. The event's subject is what the
 * run was about (`<workflow>/<target>`), so that the next good run meets those that still wait for it; those of another account do not,
 * and a run in plan mode meets none: it changed nothing, so its failure pages nobody, and that it went well takes no page back.
 */
export function runEnd(run: RunRow, ending: RunEnding): RunEnd {
  const { state, outcome, healthy = false, failure, at, via, connection = defaultConnection, mode } = ending;
  const { worker = run.worker, incidentUrl } = ending;
  const type = actionOf[state];
  const ended = {
    outcome,
    ...(failure ? { failure } : {}),
    ...(mode ? { mode } : {}),
    ...(worker ? { worker } : {}),
  };
  const ofAccount = connection === defaultConnection ? {} : { connection };
  const incidentId = incidentIdOf(run.subject, connection);
  const envelope = {
    id: `${type}/${run.id}`,
    source: '/baton',
    type,
    ...ofAccount,
    subject: subjectOf(connection, `${mode ? `${mode}/` : ''}${run.workflow}/${run.target}`),
    time: at,
  };
  const data = {
    runId: run.id,
    workflow: run.workflow,
    trigger: run.trigger,
    target: run.target,
    ...(incidentId === undefined ? {} : { incidentId }),
    ...(incidentUrl === undefined ? {} : { incidentUrl }),
    ...ended,
    healthy,
    startedAt: run.createdAt,
    endedAt: at,
  };
  return {
    id: run.id,
    workflow: run.workflow,
    ...(mode ? { mode } : {}),
    state,
    outcome,
    ...(failure ? { failure } : {}),
    ...(worker ? { worker } : {}),
    entry: {
      at,
      actor: `trigger:${run.trigger}`,
      via,
      action: type,
      subject: run.subject ?? run.id,
      detail: { run: run.id, workflow: run.workflow, ...ended, healthy },
    },
    event: {
      source: envelope.source,
      eventId: envelope.id,
      type,
      subject: envelope.subject,
      time: at,
      event: { ...envelope, data },
      actor: 'baton',
      via,
    },
  };
}
