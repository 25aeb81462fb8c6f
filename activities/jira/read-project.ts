import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { membersOf } from '../lenient.ts';
import type { Jira } from './client.ts';
import { projectKey } from './input.ts';
import { requireProject } from './projects.ts';
import { wireId } from './wire.ts';

const wireTypes = z.object({
  issueTypes: membersOf(
    z.object({
      id: wireId,
      name: z.string(),
      subtask: z.boolean().nullish(),
      hierarchyLevel: z.number().nullish(),
    }),
  ),
});

/** The types of issue that a project takes. `level` is 0 for those that stand by themselves, 1 for epics. */
export async function issueTypesOf(jira: Jira, project: string, signal: AbortSignal) {
  const answer = await jira.api(signal).issues.getCreateIssueMetaIssueTypes({ projectIdOrKey: project });
  return wireTypes.parse(answer).issueTypes.map(({ id, name, subtask, hierarchyLevel }) => ({
    id,
    name,
    subtask: subtask === true,
    level: hierarchyLevel ?? 0,
  }));
}

export const readJiraProject = defineActivity({
  name: 'readJiraProject',
  kind: 'read',
  provider: 'jira',
  summary: 'Reads which types of issue a project takes',
  permissions: ['BROWSE_PROJECTS', 'CREATE_ISSUES'],
  input: z.object({ connection: connectionName, project: projectKey.optional() }),
  output: z.object({ key: z.string(), types: z.array(z.object({ id: z.string(), name: z.string() })) }),
  example: { project: 'OPS' },
  async run({ connection, project }, { jira: connect, attempt: { signal } }) {
    const jira = await connect(connection);
    const key = project ?? jira.projectKey;
    requireProject(jira, key);
    const types = await issueTypesOf(jira, key, signal);
    return { key, types: types.map(({ id, name }) => ({ id, name })) };
  },
});
