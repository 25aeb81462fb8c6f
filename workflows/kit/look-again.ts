import { condition, isCancellation } from '@temporalio/workflow';
import type { Agent, Incident } from '../../domain/incident.ts';
import { steps } from './activities.ts';
import { seeAcknowledgers } from './call-headers.ts';
import { newestIncident, takeEvent } from './run.ts';

/** An event can be lost. A run that waits for one asks PagerDuty itself at least so often. */
export const lookAgainAfter = 3_600_000;

type Now = Awaited<ReturnType<typeof steps.readPagerDutyIncident>>;

/** What people steer by: where this is the same, nothing was missed. */
const steering = (incident: Incident | undefined) =>
  JSON.stringify([
    incident?.status,
    incident?.urgency,
    incident?.priority?.id,
    incident?.assignees.map(({ id }) => id).sort(),
  ]);

/**
 * Waits until `holds`, at most for `milliseconds`, and looks at the incident every hour meanwhile. What has changed without an event becomes one. False: the time was over first, or `untilLook` held after a look that
 * brought nothing.
 */
export async function awaitWithLooks(
  incidentId: string | undefined,
  holds: () => boolean,
  {
    milliseconds = Number.POSITIVE_INFINITY,
    untilLook = () => false,
  }: { milliseconds?: number; untilLook?: () => boolean } = {},
): Promise<boolean> {
  // Without a timer that would be started for nothing.
  if (holds()) return true;
  const end = Date.now() + milliseconds;
  for (;;) {
    const left = Math.max(end - Date.now(), 1);
    if (await condition(holds, Math.min(left, lookAgainAfter))) return true;
    if (Date.now() >= end) return false;
    if (incidentId !== undefined) await lookAgain(incidentId);
    if (holds()) return true;
    if (untilLook()) return false;
  }
}

async function lookAgain(incidentId: string): Promise<void> {
  const before = newestIncident();
  let now: Now;
  try {
    now = await steps.readPagerDutyIncident({ incidentId });
  } catch (error) {
    // Who cannot be asked now is asked again in an hour; the run goes on.
    if (isCancellation(error)) throw error;
    return;
  }
  seeAcknowledgers(now.acknowledgers);
  const snapshot = snapshotOf(now);
  const known = newestIncident();
  // A run that was started without a snapshot takes the incident to be open.
  if (known ? steering(snapshot) === steering(known) : now.status === 'triggered') return;
  const time = new Date().toISOString();
  takeEvent({
    eventId: `looked/${time}`,
    type: `pagerduty.incident.${changeOf(before, now)}`,
    time,
    echo: false,
    ...(now.status === 'resolved' && now.resolvedBy ? { by: agentOf(now.resolvedBy) } : {}),
    incident: snapshot,
  });
}

/** PagerDuty's own word for what was missed. */
function changeOf(before: Incident | undefined, now: Now): string {
  const was = before?.status ?? 'triggered';
  if (now.status === was)
    return now.priority?.id === before?.priority?.id ? 'reassigned' : 'priority_updated';
  if (now.status !== 'triggered') return now.status;
  return was === 'resolved' ? 'reopened' : 'unacknowledged';
}

const agentOf = ({ kind, id, name }: NonNullable<Now['resolvedBy']>): Agent => ({ kind, id, name });

function snapshotOf({
  acknowledgers: _,
  resolvedAt: __,
  resolvedBy: ___,
  assignees,
  ...incident
}: Now): Incident {
  const { priority, incidentKey, escalationPolicy, mergedInto, ...rest } = incident;
  return {
    ...rest,
    assignees: assignees.map(({ id, name }) => ({ id, name })),
    ...(priority ? { priority } : {}),
    ...(incidentKey === undefined ? {} : { incidentKey }),
    ...(escalationPolicy ? { escalationPolicy } : {}),
    ...(mergedInto ? { mergedInto } : {}),
  };
}
