import { workflowInfo } from '@temporalio/workflow';
import { engine } from './run.ts';

/**
 * What a Temporal Schedule starts: it puts the event `schedule.<name>` into the inbox, and so on the way of all events.
 * The time comes from the workflow id, to which the schedule adds it: a second start of one time is the same event.
 */
export async function emitScheduleEvent(name: string): Promise<void> {
  const { workflowId, startTime } = workflowInfo();
  const scheduledAt = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.exec(workflowId)?.[0] ?? startTime.toISOString();
  await engine.storeScheduleEvent({ name, scheduledAt });
}
