import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { projectKey } from './input.ts';

const wireTypes = z.object({ issueTypes: z.array(z.object({ id: z.string(), name: z.string() })) });

export const readJiraProject = defineActivity({
  name: 'readJiraProject',
  kind: 'read',
  provider: 'jira',
  summary: 'Reads which types of issue a project takes',
  permissions: ['BROWSE_PROJECTS', 'CREATE_ISSUES'],
  input: z.object({ connection: connectionName, project: projectKey.optional() }),
  output: z.object({ key: z.string(), types: z.array(z.object({ id: z.string(), name: z.string() })) }),
  async run({ connection, project }, { jira: connect, attempt: { signal } }) {
    const jira = await connect(connection);
    const key = project ?? jira.projectKey;
    const answer = await jira.api(signal).issues.getCreateIssueMetaIssueTypes({ projectIdOrKey: key });
    return { key, types: wireTypes.parse(answer).issueTypes };
  },
});
