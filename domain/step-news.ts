import type { Delivery } from './delivery.ts';
import type { Event, StepEvent } from './event.ts';
import type { RunRow } from './run.ts';
import { type RunTelling, runEvent } from './run-end.ts';
import type { StepType } from './step.ts';

/** What an event says of the step itself. */
export type StepFacts = Pick<StepEvent, 'activity' | 'kind' | 'key' | 'targets' | 'scheduledAt'>;

/**
 * That a step of a run has entered a state. It is the same event, however often it is told. Its subject is the run's with the activity behind
 * it, so that what waits there for the run's own end is not met by each step.
 */
export function stepEvent(
  type: StepType,
  run: Omit<RunRow, 'state'>,
  { activity, ...step }: StepFacts,
  telling: RunTelling,
  more: Pick<Partial<StepEvent>, 'attempt' | 'failure'> = {},
): Omit<Delivery, 'body'> {
  const which = step.key.slice(run.id.length + 1).replace('#', '/');
  const outcome = type.slice('activity.'.length).replace('_', ' ');
  const told = runEvent(type, run, telling, { outcome, healthy: false, activity, ...step, ...more }, which);
  const subject = `${told.subject}/${activity}`;
  return { ...told, subject, event: { ...(told.event as Event), subject } };
}
