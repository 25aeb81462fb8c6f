import { steps } from './kit/activities.ts';
import { record } from './kit/record.ts';
import { healthy } from './kit/run.ts';

export interface ResolveFromJiraInput {
  incidentId: string;
  /** The issue that was moved, and the connection of its site. */
  key: string;
  site: string;
  /** Who moved it, as Jira names them. */
  by: string;
}

/**
 * Resolves an incident whose issue was moved to a status that is done. Both are read first: Baton's own move of the issue comes after the
 * resolve, and an issue can be moved back.
 */
export async function resolveFromJira({ incidentId, key, site, by }: ResolveFromJiraInput): Promise<string> {
  const incident = await steps.readPagerDutyIncident({ incidentId });
  if (incident.status === 'resolved') return healthy('resolved before');

  const issue = await steps.readJiraIssue({ key, connection: site });
  if (issue.category !== 'done') {
    await record(`${key} is ${issue.status} again: the incident is left open.`);
    return healthy('moved on');
  }
  const evidence = `issue ${key} was moved to ${issue.status} by ${by} in Jira`;
  const { changed } = await steps.resolvePagerDutyIncident({ incidentId, evidence });
  return healthy(changed ? 'resolved' : 'resolved before');
}
