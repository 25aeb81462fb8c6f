import { defaultConnection, markOf, subjectOf } from '../domain/subject.ts';
import { steps } from './kit/activities.ts';
import { orPark } from './kit/park.ts';
import { record } from './kit/record.ts';
import { engine, healthy, runCause } from './kit/run.ts';

export interface ResolveFromJiraInput {
  incidentId: string;
  /** The issue that was moved, and the connection of its site. */
  key: string;
  site: string;
  /** Who moved it, as Jira names them. */
  by: string;
}

/** How long a resolve that PagerDuty refuses waits for somebody to decide, before somebody is paged. */
const patience = '4 hours';

/**
 * Resolves an incident whose issue was moved to a status that is done. Both are read first: Baton's own move of the issue comes after the
 * resolve, and an issue can be moved back. Anybody can give an issue a label, so only the one that Baton has made for the incident counts.
 * A resolve that PagerDuty refuses parks the run: a missing right is given, and it is tried again.
 */
export async function resolveFromJira({ incidentId, key, site, by }: ResolveFromJiraInput): Promise<string> {
  const incident = await steps.readPagerDutyIncident({ incidentId });
  if (incident.status === 'resolved') return healthy('resolved before');

  const issue = await steps.readJiraIssue({ key, connection: site });
  if (issue.category !== 'done') {
    await record(`${key} is ${issue.status} again: the incident is left open.`);
    return healthy('moved on');
  }
  if (!(await isOurs(incidentId, key, site))) {
    await record(
      `${key} has the label of the incident, and Baton did not make it: the incident is left open.`,
    );
    return 'not our issue';
  }
  const unverified = `issue ${key} was moved to ${issue.status} by ${by} in Jira`;
  const resolved = await orPark(
    'resolvePagerDutyIncident',
    { incidentId, unverified },
    { expiresIn: patience },
  );
  if ('result' in resolved) return healthy(resolved.result.changed ? 'resolved' : 'resolved before');
  await record(`The incident is left open, though its issue ${key} is done: ${resolved.skipped}.`);
  return 'left open';
}

/** Whether Baton has made this issue for the incident, by what the store keeps of its own changes. */
async function isOurs(incidentId: string, key: string, site: string): Promise<boolean> {
  const label = `baton-${markOf(runCause()?.connection ?? defaultConnection, incidentId)}`;
  const target = subjectOf(site, `jira:${label}`);
  const made = await engine.lastMade({ activity: 'createJiraIssue', target });
  return (made as { key?: unknown } | undefined)?.key === key;
}
