import { defaultConnection, markOf, subjectOf } from '../../domain/subject.ts';
import { engine, runCause } from './run.ts';

/** The issue that Baton has made for the incident, by what the store keeps of its own changes. */
export async function issueOf(incidentId: string): Promise<string | undefined> {
  const { connection = defaultConnection, connections } = runCause() ?? {};
  const label = `jira:baton-${markOf(connection, incidentId)}`;
  const target = subjectOf(connections?.jira ?? defaultConnection, label);
  const made = await engine.lastMade({ activity: 'createJiraIssue', target });
  const { key } = (made ?? {}) as { key?: unknown };
  return typeof key === 'string' ? key : undefined;
}
