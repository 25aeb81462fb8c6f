import { patched } from '@temporalio/workflow';
import { steps } from './activities.ts';
import { mentionOnCall, onItsWay, type Reminder } from './call-people.ts';
import { failureOf, orUnavailable } from './parts.ts';
import type { CurrentIncident } from './read-context.ts';
import { record } from './record.ts';
import { namesOf } from './status-card.ts';

const outcome = 'handed to a person';

/**
 * Leaves the incident to a person: says why in a note, then asks the escalation policy for somebody. Where the plan has no
 * such requests the incident is escalated, and those on call are mentioned in Slack. Where nobody can be asked the run fails, and so pages. Gives
 * the outcome with which the run ends.
 */
export async function handOver(incident: CurrentIncident, why: string): Promise<string> {
  await note(incident.id, `${why}\nA person is needed.`);
  await callPerson(incident, why);
  return outcome;
}

/**
 * Calls a person by PagerDuty while people are asked in Slack: an incident that Baton has acknowledged pages nobody by itself. The question does not
 * wait for a PagerDuty that is away, and what could not be done stands in the record.
 */
export const callBeside = (incident: CurrentIncident, why: string): Reminder =>
  onItsWay(async () => {
    const called = await orUnavailable(() => callPerson(incident, why));
    if (called) await record(`Nobody was called by PagerDuty: ${called.unavailable}`);
  }, 'A call by PagerDuty');

async function callPerson(incident: CurrentIncident, why: string): Promise<void> {
  const incidentId = incident.id;
  if (await askResponders(incident, why)) return;
  const mention = patched('mentioned-responders') ? mentionOnCall(incident, why) : undefined;
  try {
    await steps.escalatePagerDutyIncident({ incidentId, level: 2 });
  } catch (error) {
    if (!failureOf(error)) throw error;
    await note(
      incidentId,
      `Baton could ask nobody. Please call ${namesOf(incident.assignees) || 'who is on call'}.`,
    );
    throw error;
  } finally {
    await mention?.end('5 minutes');
  }
}

/** False where the plan has no such requests, or there is nobody to ask. */
async function askResponders({ id, escalationPolicy }: CurrentIncident, message: string): Promise<boolean> {
  if (!escalationPolicy) return false;
  const answer = await steps.requestPagerDutyResponders({
    incidentId: id,
    message,
    escalationPolicyIds: [escalationPolicy.id],
  });
  return answer.unavailable === undefined;
}

const note = (incidentId: string, text: string) => steps.addPagerDutyNote({ incidentId, note: text });
