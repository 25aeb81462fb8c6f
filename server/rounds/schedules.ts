import {
  type Client,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import type { Logger } from 'pino';
import type { Schedule, Trigger } from '../../triggers/trigger.ts';

const prefix = 'baton/';

interface Options {
  client: Client;
  triggers: readonly Trigger[];
  taskQueue: string;
  log: Logger;
}

/** The schedules that the triggers declare, by their names. */
export function declaredSchedules(triggers: readonly Trigger[]): ReadonlyMap<string, Schedule> {
  const declared = new Map<string, Schedule>();
  for (const { on, schedule } of triggers)
    if (schedule) for (const type of on) declared.set(type.replace(/^schedule\./, ''), schedule);
  return declared;
}

/**
 * Makes Temporal's schedules those that the triggers declare: one for each `schedule.<name>`, which puts that event into
 * the inbox. Schedules of ours that no trigger declares any more are deleted. Any number of servers may do it at once.
 */
export async function syncSchedules({ client, triggers, taskQueue, log }: Options): Promise<void> {
  const declared = declaredSchedules(triggers);
  for await (const { scheduleId } of client.schedule.list()) {
    if (!scheduleId.startsWith(prefix) || declared.has(scheduleId.slice(prefix.length))) continue;
    await client.schedule.getHandle(scheduleId).delete().catch(ignoreGone);
    log.info({ schedule: scheduleId }, 'A schedule that no trigger declares was deleted');
  }
  for (const [name, schedule] of declared) await put(client, taskQueue, name, schedule);
}

async function put(
  client: Client,
  taskQueue: string,
  name: string,
  { cron, timeZone }: Schedule,
): Promise<void> {
  const spec = { cronExpressions: [cron], timezone: timeZone ?? 'UTC' };
  const action = {
    type: 'startWorkflow' as const,
    workflowType: 'emitScheduleEvent',
    args: [name],
    taskQueue,
    workflowId: `schedule/${name}`,
  };
  // Each time makes its event; whether a run of the last time is still live is for the dispatcher to mind.
  const policies = { overlap: ScheduleOverlapPolicy.ALLOW_ALL, catchupWindow: '10 minutes' as const };
  try {
    await client.schedule.create({ scheduleId: `${prefix}${name}`, spec, action, policies });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    const handle = client.schedule.getHandle(`${prefix}${name}`);
    await handle.update((previous) => ({ ...previous, spec, action, policies })).catch(ignoreGone);
  }
}

function ignoreGone(error: unknown): void {
  if (!(error instanceof ScheduleNotFoundError)) throw error;
}
