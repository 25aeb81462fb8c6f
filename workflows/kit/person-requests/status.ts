import { workflowInfo } from '@temporalio/workflow';
import { steps } from '../activities.ts';
import { healthy } from '../run.ts';
import { namesOf, stateLine } from '../status-card.ts';
import { type Done, type Member, nameOf, notDone, type Place } from './asked.ts';
import { at, subjectAt } from './place.ts';

/** How the incident stands, what of Baton runs on it, and what waits for whom. Whoever is a member of the workspace may ask. */
export async function tellStatus(place: Place, { email }: Member): Promise<Done> {
  const incident = await steps.readPagerDutyIncident(at(place));
  const { runs, approvals } = await steps.listBatonRuns({ subject: subjectAt(place), email });
  const { service, priority, assignees, url } = incident;
  const lines = [
    `${nameOf(incident)} on ${service.name}: ${incident.status}. ${stateLine(incident)}.`,
    `Priority ${priority?.name ?? 'none'}; assigned to ${namesOf(assignees) || 'nobody'}.`,
    ...('unavailable' in runs
      ? [`What runs could not be read: ${runs.unavailable}.`]
      : listed(
          'Runs',
          runs.filter(({ workflow }) => workflow !== workflowInfo().workflowType).map(({ id }) => id),
          'Nothing of Baton runs on it.',
        )),
    ...('unavailable' in approvals
      ? [`What waits for an approval could not be read: ${approvals.unavailable}.`]
      : listed(
          'Waits for an approval',
          approvals.map(({ id, summary, expiresAt }) => `${summary} (${id}, until ${expiresAt})`),
          'Nothing waits for an approval.',
        )),
  ];
  return {
    outcome: healthy('done'),
    answer: lines.join('\n'),
    links: url ? [{ text: 'PagerDuty incident', url }] : [],
  };
}

const listed = (head: string, items: readonly string[], none: string) =>
  items.length === 0 ? [none] : [`${head}: ${items.join(', ')}.`];

/** Who is on call for the incident now, by level. */
export async function tellOnCall(place: Place): Promise<Done> {
  const { incidentId: _, ...account } = at(place);
  const incident = await steps.readPagerDutyIncident(at(place));
  const { escalationPolicy } = incident;
  if (!escalationPolicy)
    return { outcome: 'nothing to do', answer: `${nameOf(incident)} has no escalation policy.` };
  const escalationPolicyIds = [escalationPolicy.id];
  const { onCalls } = await steps.listPagerDutyOnCalls({ ...account, escalationPolicyIds });
  const levels = [...new Set(onCalls.map(({ level }) => level))];
  const lines = levels.map(
    (level) =>
      `Level ${level}: ${namesOf(onCalls.filter((each) => each.level === level).map(({ user }) => user))}`,
  );
  const head = `On call by ${escalationPolicy.name} for ${nameOf(incident)}:`;
  return { outcome: healthy('done'), answer: [head, ...(lines.length > 0 ? lines : ['nobody'])].join('\n') };
}

const mostOwn = 10;

/** The open incidents of whoever asks, in the run's own account: for a command that names none. */
export async function tellOwnIncidents(what: 'status' | 'on-call', { email }: Member): Promise<Done> {
  const { user } = await steps.findPagerDutyUser({ email });
  if (!user) return notDone(`PagerDuty has no user with your e-mail address ${email}: name the incident.`);
  const statuses = ['triggered', 'acknowledged'] as const;
  const { incidents } = await steps.listPagerDutyIncidents({ statuses: [...statuses], userIds: [user.id] });
  const command = what === 'status' ? 'status' : 'oncall';
  const rest = incidents.length - mostOwn;
  const lines = [
    `Your open incidents${rest > 0 ? ` (the first ${mostOwn} of ${incidents.length})` : ''}:`,
    ...incidents.slice(0, mostOwn).map((each) => `${nameOf(each)}: ${each.status}. ${stateLine(each)}.`),
    `More of one: /baton ${command} #${incidents[0]?.number}`,
  ];
  const answer =
    incidents.length === 0
      ? `No open incident is assigned to you. Of another one: /baton ${command} #42`
      : lines.join('\n');
  return { outcome: healthy('done'), answer };
}
