import { z } from 'zod';
import { refused } from '../failures.ts';
import { findingOf, untold } from '../finding.ts';
import type { Check, Finding } from '../provider.ts';
import type { Jira } from './client.ts';
import { issueTypesOf } from './read-project.ts';

const answerSchema = z.object({
  permissions: z.record(z.string(), z.object({ havePermission: z.boolean() })),
});

/**
 * What the account may do in the project. Jira answers some questions to anybody, so the account is asked for first.
 * https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-permissions/
 */
export const checkJira: Check<Jira> = async (client, signal, { rights }) => {
  const { projectKey, issueType } = client;
  const api = client.api(signal);
  await api.myself.getCurrentUser();
  const project = await findingOf(
    'JIRA_PROJECT_KEY',
    () => api.projects.getProject({ projectIdOrKey: projectKey }),
    `see that there is a project ${projectKey}, and that the account of JIRA_EMAIL may browse it`,
  );
  const typeIsThere = async () => {
    const types = (await issueTypesOf(client, projectKey, signal)).map(({ name }) => name);
    if (issueType !== undefined && !types.some((name) => name.toLowerCase() === issueType.toLowerCase()))
      throw refused(
        'Jira',
        `the project ${projectKey} has no issue type ${issueType}, but ${types.join(', ')}`,
      );
  };
  const type = await findingOf('JIRA_ISSUE_TYPE', typeIsThere, 'set it to one that the account may create');
  return [...(await permissionFindings(client, signal, rights)), project, type];
};

async function permissionFindings(
  client: Jira,
  signal: AbortSignal,
  rights: readonly string[],
): Promise<Finding[]> {
  if (rights.length === 0) return [];
  const { projectKey } = client;
  const ask = (parameters: object) =>
    client.api(signal).permissions.getMyPermissions({ permissions: rights.join(','), ...parameters });
  // Of a project that is not there nothing is told; a global permission, and one that the account has anywhere, still is.
  const parsed = answerSchema.safeParse(await ask({ projectKey }).catch(() => ask({})));
  if (!parsed.success) return untold(rights, 'Jira’s answer about its permissions cannot be read');
  return rights.map((what) => {
    const found = parsed.data.permissions[what];
    if (found === undefined) return { what, ok: undefined, reason: 'Jira does not know this permission' };
    if (found.havePermission) return { what, ok: true };
    const place =
      what === 'USER_PICKER' ? 'in the site’s global permissions' : `in the project ${projectKey}`;
    return { what, ok: false, reason: `the account of JIRA_EMAIL lacks it; grant it ${place}` };
  });
}
