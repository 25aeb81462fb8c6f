import type { Duration } from '@temporalio/common';
import { msToNumber } from '@temporalio/common/lib/time.js';
import { CancellationScope, isCancellation } from '@temporalio/workflow';
import { steps } from './activities.ts';
import { followIncident } from './follow-incident.ts';
import { orCancelled, orUnavailable } from './parts.ts';
import { isLooking } from './run.ts';

/** Whether all alerts of an incident are over. One without alerts tells nothing, nor does one that cannot be read now. */
export async function areAlertsOver(incidentId: string): Promise<boolean> {
  const read = await orUnavailable(() => steps.listPagerDutyAlerts({ incidentId }));
  if ('unavailable' in read) return false;
  const { alerts, truncated } = read;
  return !truncated && alerts.length > 0 && alerts.every(({ status }) => status === 'resolved');
}

/**
 * Waits until an incident is resolved, or until all of its alerts have been over for `quietFor` without a break. `open`: neither came before the
 * `timeout`.
 */
export async function untilQuiet(
  incidentId: string,
  { quietFor, timeout, every = '1 minute' }: { quietFor: Duration; timeout: Duration; every?: Duration },
): Promise<'resolved' | 'quiet' | 'open'> {
  // What was not changed calms nothing: a plan goes on as if it had.
  if (isLooking()) return 'quiet';
  const incident = followIncident({ id: incidentId });
  const end = Date.now() + msToNumber(timeout);
  let quietSince: number | undefined;
  for (;;) {
    if (incident.status === 'resolved') return 'resolved';
    const isQuiet = await areAlertsOver(incidentId);
    const now = Date.now();
    quietSince = isQuiet ? (quietSince ?? now) : undefined;
    if (quietSince !== undefined && now - quietSince >= msToNumber(quietFor)) return 'quiet';
    if (now >= end) return 'open';
    await incident.until('resolved', every);
  }
}

/**
 * For a run that goes on after a resolve: does something only as long as the incident is open. Undefined where it is resolved before that is done:
 * what it has asked of people is withdrawn.
 */
export async function whileOpen<Result>(
  incidentId: string,
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  const working = new CancellationScope();
  const watching = new CancellationScope();
  let isResolved = false;
  watching
    .run(() => followIncident({ id: incidentId }).until('resolved'))
    .then((resolved) => {
      isResolved = resolved;
      if (resolved) working.cancel();
    })
    .catch(orCancelled);
  try {
    return await working.run(work);
  } catch (error) {
    if (isCancellation(error) && isResolved) return undefined;
    throw error;
  } finally {
    watching.cancel();
  }
}
