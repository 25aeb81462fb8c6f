import { steps } from './kit/activities.ts';
import { type Approved, withApproval } from './kit/ask-approval.ts';
import { mentionOnCall, remind } from './kit/call-people.ts';
import { inParts, orUnavailable, type Parts, type Unavailable } from './kit/parts.ts';
import type { CurrentIncident } from './kit/read-context.ts';
import { record } from './kit/record.ts';
import { roomOf } from './kit/room.ts';
import { healthy } from './kit/run.ts';

export interface SeverityRaisedInput {
  incidentId: string;
  /** The name of the priority that it was raised to. */
  priority: string;
  /** The address of a call, where people are to meet. Left out: the incident's war room. */
  bridge?: string;
}

/** How long people are asked whether a status update is to go out: later it would be no news. */
const askedFor = '1 hour';

/**
 * Brings more people to an incident whose priority was raised: asks for responders, says where they meet, and publishes a status update for
 * those who follow it once somebody on call has approved its words.
 */
export async function severityRaised({ incidentId, priority, bridge }: SeverityRaisedInput): Promise<string> {
  const incident = await steps.readPagerDutyIncident({ incidentId });
  if (incident.status === 'resolved' || incident.priority?.name !== priority) return healthy('no longer so');

  const parts = inParts();
  const why = `It is ${priority} now.`;
  const isAsked = await askResponders(incident, why, parts);
  // Without a policy nobody is on call for it.
  const mention = isAsked || !incident.escalationPolicy ? undefined : mentionOnCall(incident, why);
  const place = await parts.part('Bridge', () => placeToMeet(incidentId, bridge));
  const text = () =>
    [
      why,
      ...(isAsked ? ['Its escalation policy was asked for responders.'] : []),
      ...(mention ? ['Those on call are called in Slack.'] : []),
      ...(place ? [`People meet at ${place}`] : []),
      ...parts.problems.map((problem) => `Not done: ${problem}`),
    ].join('\n');
  await parts.part('Note', () => steps.addPagerDutyNote({ incidentId, note: text() }));
  const words = [remind(incident, [], text()), ...(mention ? [mention] : [])];
  await Promise.all(words.map((word) => word.end('5 minutes')));
  return tellStakeholders(incident, priority, isAsked || mention !== undefined);
}

/** False: PagerDuty asks nobody, for a reason that is among the problems. */
async function askResponders(
  { id: incidentId, escalationPolicy }: CurrentIncident,
  message: string,
  { problem }: Parts,
): Promise<boolean> {
  const { unavailable } = escalationPolicy
    ? await orUnavailable(() =>
        steps.requestPagerDutyResponders({ incidentId, message, escalationPolicyIds: [escalationPolicy.id] }),
      )
    : { unavailable: 'the incident has no escalation policy' };
  if (unavailable) problem(`Responders: ${unavailable}`);
  return !unavailable;
}

/** The incident's bridge, which is set where it has none. Undefined: there is no place yet. */
async function placeToMeet(incidentId: string, bridge: string | undefined): Promise<string | undefined> {
  const url = bridge ?? (await roomOf(incidentId))?.url;
  if (!url) return undefined;
  return (await steps.setPagerDutyIncidentBridge({ incidentId, url, unlessSet: true })).url;
}

async function tellStakeholders(
  { id: incidentId, service, title }: CurrentIncident,
  priority: string,
  isCalled: boolean,
): Promise<string> {
  const message =
    `${service.name}: ${title.slice(0, 500)}. The priority of this incident was raised to ${priority}` +
    `${isCalled ? ', and more people have been called to it' : ''}.`;
  const approvers = { onCallOf: service.id, role: 'approver' } as const;
  const update = { incidentId, message };
  const answer = await orUnavailable(() =>
    withApproval('publishPagerDutyStatusUpdate', update, { approvers, expiresIn: askedFor }),
  );
  if ('result' in answer && !answer.result.unconfirmed) return healthy('stakeholders told');
  await record(`No status update: ${whyNot(answer)}.`);
  return healthy('stakeholders not told');
}

function whyNot(answer: Approved<unknown> | Unavailable): string {
  if ('unavailable' in answer) return answer.unavailable;
  return 'refusal' in answer ? answer.refusal : 'PagerDuty does not tell whether it was published';
}
