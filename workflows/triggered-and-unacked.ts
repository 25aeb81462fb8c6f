import type { Duration } from '@temporalio/common';
import { msToNumber } from '@temporalio/common/lib/time.js';
import { steps } from './kit/activities.ts';
import { escalate, nameOf, type Reminder, remind } from './kit/call-people.ts';
import { followIncident } from './kit/follow-incident.ts';
import type { CurrentIncident } from './kit/read-context.ts';
import { record } from './kit/record.ts';
import { healthy } from './kit/run.ts';
import { namesOf, stateLine } from './kit/status-card.ts';
import { waitsFor, waitsNoMore } from './kit/waits.ts';

export interface TriggeredAndUnackedInput {
  incidentId: string;
  /** How long nobody may acknowledge before the assignees are reminded, and again before Baton escalates. */
  after?: Duration;
}

/** PagerDuty may go on to other people by itself: those are reminded first, but not without end. */
const mostReminders = 5;

/**
 * Reminds the assignees of an incident that nobody acknowledges, and then escalates it, each only while it is still so. Once: what comes
 * after the next level is PagerDuty's.
 */
export async function triggeredAndUnacked({
  incidentId,
  after = '10 minutes',
}: TriggeredAndUnackedInput): Promise<string> {
  const incident = followIncident({ id: incidentId });
  let reminder: Reminder | undefined;
  let reminded: CurrentIncident | undefined;
  for (let reminders = 0; ; reminders += 1) {
    waitsFor('somebody to acknowledge the incident', Date.now() + msToNumber(after));
    await incident.whileStatus('triggered', after);
    waitsNoMore();
    await reminder?.end();
    const now = await steps.readPagerDutyIncident({ incidentId });
    if (now.status !== 'triggered') return leave(now, reminders);

    if (reminded && (isForSamePeople(now, reminded) || reminders >= mostReminders)) {
      const outcome = await callNext(now);
      if (outcome) return outcome;
      continue;
    }
    reminder = remind(now, now.assignees, `Nobody has acknowledged ${nameOf(now)} yet. ${stateLine(now)}.`);
    reminded = now;
  }
}

async function leave(now: CurrentIncident, reminders: number): Promise<string> {
  await record(`${stateLine(now)}: ${reminders > 0 ? 'nobody else is called' : 'nobody is reminded'}.`);
  return healthy(now.status === 'resolved' ? 'resolved' : 'acknowledged');
}

/** Undefined: the incident had another state by then. */
async function callNext(now: CurrentIncident): Promise<string | undefined> {
  const whom = namesOf(now.assignees);
  const escalation = await escalate(
    now,
    `Nobody has acknowledged the incident after a reminder${whom ? ` to ${whom}` : ''}.`,
  );
  if ('level' in escalation) return healthy('escalated');
  return 'none' in escalation ? healthy('nobody to escalate to') : undefined;
}

function isForSamePeople({ assignees }: CurrentIncident, other: CurrentIncident): boolean {
  const idsOf = (people: CurrentIncident['assignees']) =>
    people
      .map(({ id }) => id)
      .sort()
      .join();
  return idsOf(assignees) === idsOf(other.assignees);
}
