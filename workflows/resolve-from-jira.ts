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
 * A resolve that PagerDuty refuses parks the run: a missing right is given, and it is tried again, after both have been read again.
 */
export async function resolveFromJira(input: ResolveFromJiraInput): Promise<string> {
  const { incidentId, key, site, by } = input;
  const found = await look(input);
  if ('end' in found) return healthy(found.end);
  if (!(await isOurs(incidentId, key, site))) {
    await record(
      `${key} has the label of the incident, and Baton did not make it: the incident is left open.`,
    );
    return 'not our issue';
  }
  const unverified = `issue ${key} was moved to ${found.status} by ${by} in Jira`;
  let meanwhile: End | undefined;
  const resolved = await orPark(
    'resolvePagerDutyIncident',
    { incidentId, unverified },
    {
      expiresIn: patience,
      unless: async () => {
        const now = await look(input);
        if ('end' in now) meanwhile = now.end;
        return meanwhile;
      },
    },
  );
  if (meanwhile) return healthy(meanwhile);
  if ('result' in resolved) return healthy(resolved.result.changed ? 'resolved' : 'resolved before');
  await record(`The incident is left open, though its issue ${key} is done: ${resolved.skipped}.`);
  return 'left open';
}

type End = 'resolved before' | 'moved on';

/** The status of the issue, which is done; or how the run ends, as the incident is resolved already, or the issue is not done any more. */
async function look({
  incidentId,
  key,
  site,
}: ResolveFromJiraInput): Promise<{ status: string } | { end: End }> {
  const incident = await steps.readPagerDutyIncident({ incidentId });
  if (incident.status === 'resolved') return { end: 'resolved before' };
  const issue = await steps.readJiraIssue({ key, connection: site });
  if (issue.category === 'done') return { status: issue.status };
  await record(`${key} is ${issue.status} again: the incident is left open.`);
  return { end: 'moved on' };
}

/** Whether Baton has made this issue for the incident, by what the store keeps of its own changes. */
async function isOurs(incidentId: string, key: string, site: string): Promise<boolean> {
  const label = `baton-${markOf(runCause()?.connection ?? defaultConnection, incidentId)}`;
  const target = subjectOf(site, `jira:${label}`);
  const made = await engine.lastMade({ activity: 'createJiraIssue', target });
  return (made as { key?: unknown } | undefined)?.key === key;
}
