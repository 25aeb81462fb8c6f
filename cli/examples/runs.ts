import type { Event, RunFailure } from '../../domain/event.ts';
import type { RunState } from '../../domain/run.ts';
import { runEnd, runOverdue } from '../../domain/run-end.ts';
import { runStarted, runWaiting, runWentOn } from '../../domain/run-news.ts';
import type { StepType } from '../../domain/step.ts';
import { stepEvent } from '../../domain/step-news.ts';
import { wireIncident } from './pagerduty.ts';

/** What the engine tells of one run, as examples. */
interface Example {
  event: Event;
}

const runRow = (at: Date) => ({
  id: `ec2-unhealthy/${wireIncident.id}`,
  trigger: 'ec2-unhealthy',
  workflow: 'ec2UnhealthyRestart',
  subject: wireIncident.id,
  target: 'i-0abc12345def67890',
  eventSeq: 1,
  state: 'running' as const,
  createdAt: at.toISOString(),
});

const tags = ['remediation'];

/** One that has not ended, and what becomes of it. */
export function runThat(does: 'started' | 'waits' | 'went on', at: Date): Example {
  const [run, telling] = [runRow(at), { at: at.toISOString(), via: 'dispatch', tags }];
  const state = does === 'waits' ? 'pending' : 'approved';
  const waits = { kind: 'approval', id: 'apr_1', summary: 'Reboots i-0abc12345def67890', state } as const;
  const told = {
    started: () => runStarted(run, telling),
    waits: () => runWaiting(run, waits, telling),
    'went on': () => runWentOn(run, waits, telling),
  }[does]();
  return { event: told.event as Event };
}

/** One that has not ended in its time. */
export function overdueRun(at: Date): Example {
  const time = at.toISOString();
  const telling = { at: time, via: 'watchdog', tags, dueAt: time, whenOverdue: 'page' } as const;
  return { event: runOverdue(runRow(at), telling).event.event as Event };
}

/** A step of one that enters a state. */
export function stepThat(type: StepType, at: Date): Example {
  const [run, time] = [runRow(at), at.toISOString()];
  const activity = 'rebootEc2Instances';
  const [key, targets] = [`${run.id}#${activity}#1`, [`ec2:${run.target}`]];
  const step = { activity, kind: 'destructive', key, targets, scheduledAt: time } as const;
  const failures: Partial<Record<StepType, RunFailure>> = {
    'activity.failed': { class: 'ProviderRefused', message: 'EC2 refused (403): UnauthorizedOperation' },
    'activity.timed_out': { class: 'ProviderUnavailable', message: 'EC2 is unavailable (503)' },
  };
  const failure = failures[type];
  const more = { ...(type === 'activity.started' ? { attempt: 1 } : {}), ...(failure ? { failure } : {}) };
  return { event: stepEvent(type, run, step, { at: time, via: 'worker', tags }, more).event as Event };
}

/** One that has ended so. */
export function runThatEnded(state: Exclude<RunState, 'starting' | 'running'>, at: Date): Example {
  const failure = {
    failed: {
      class: 'ProviderRefused',
      message: 'EC2 refused (403): UnauthorizedOperation',
      activity: 'rebootEc2Instances',
    },
    'timed out': { class: 'TimedOut', message: 'The run took too long' },
  }[state as string];
  const ending = {
    state,
    outcome: state === 'completed' ? 'restarted and healthy' : state,
    healthy: state === 'completed',
    ...(failure ? { failure } : {}),
    at: at.toISOString(),
    via: 'worker',
    tags,
  };
  return { event: runEnd(runRow(at), ending).event.event as Event };
}
