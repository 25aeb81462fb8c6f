import type { Finding } from '../provider.ts';
import type { Jira } from './client.ts';
import { issueTypesOf } from './read-project.ts';

/** Asks for the types of issue of the project that issues go to, which changes nothing. */
export async function checkJira(jira: Jira, signal: AbortSignal): Promise<Finding[]> {
  const what = 'CREATE_ISSUES';
  return issueTypesOf(jira, jira.projectKey, signal).then(
    () => [{ what, ok: true }],
    (error: Error) => [{ what, ok: false, reason: error.message }],
  );
}
