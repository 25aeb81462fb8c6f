import type { Entry, RunRow, RunState } from './store.ts';

/** How a run ended, in its own words or in Temporal's. */
export interface RunEnding {
  state: Exclude<RunState, 'starting' | 'running'>;
  /** `completed`, `resolved elsewhere`, `handed to a person`, … */
  outcome: string;
  failure?: { class: string; message: string; activity?: string };
  at: string;
  /** `worker` or `reconcile`. */
  via: string;
}

/** An incident's id at PagerDuty, as opposed to other subjects of runs. */
const isIncidentId = (subject: string | undefined) => subject !== undefined && /^[A-Z0-9]+$/.test(subject);

/**
 * The engine's own event for the end of a run. Its subject is what the run was about (`<workflow>/<target>`), so that the
 * next good run meets those that still wait for it.
 */
export function runEndEvent(run: RunRow, { state, outcome, failure, at }: RunEnding) {
  const type = `run.${state.replace(' ', '_')}`;
  return {
    id: `${type}/${run.id}`,
    source: '/baton',
    type,
    subject: `${run.workflow}/${run.target}`,
    time: at,
    data: {
      runId: run.id,
      workflow: run.workflow,
      trigger: run.trigger,
      target: run.target,
      ...(isIncidentId(run.subject) ? { incidentId: run.subject } : {}),
      outcome,
      ...(failure ? { failure } : {}),
      startedAt: run.createdAt,
      endedAt: at,
    },
  };
}

/** The line for the record. */
export function runEndEntry(run: RunRow, { state, outcome, failure, at, via }: RunEnding): Entry {
  return {
    at,
    actor: `trigger:${run.trigger}`,
    via,
    action: `run.${state.replace(' ', '_')}`,
    subject: run.subject ?? run.id,
    detail: { run: run.id, workflow: run.workflow, outcome, ...(failure ? { failure } : {}) },
  };
}
