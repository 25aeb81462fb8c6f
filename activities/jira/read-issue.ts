import { z } from 'zod';
import { connectionName, defineActivity } from '../activity.ts';
import { issueKey } from './input.ts';
import { issueSchema, readIssue, searchIssues } from './issues.ts';
import { isOfProjects, requireProject } from './projects.ts';

export const readJiraIssue = defineActivity({
  name: 'readJiraIssue',
  kind: 'read',
  provider: 'jira',
  summary: 'Reads an issue',
  permissions: ['BROWSE_PROJECTS'],
  input: z.object({ connection: connectionName, key: issueKey }),
  output: issueSchema,
  example: { key: 'OPS-1' },
  async run({ connection, key }, { jira, attempt }) {
    const client = await jira(connection);
    requireProject(client, key);
    return readIssue(client, key, attempt.signal);
  },
});

/** Jira refuses JQL that is not bounded by a field. Values from outside go in by `quoteJql`. Of other projects than the connection's nothing is told. */
export const searchJiraIssues = defineActivity({
  name: 'searchJiraIssues',
  kind: 'read',
  provider: 'jira',
  summary: 'Searches issues by JQL',
  permissions: ['BROWSE_PROJECTS'],
  input: z.object({
    connection: connectionName,
    jql: z.string().min(1).max(4_000),
    max: z.int().min(1).max(500).default(50),
  }),
  output: z.object({ issues: z.array(issueSchema) }),
  example: { jql: 'project = "OPS" AND labels = "baton-Q1ABC"', max: 10 },
  async run({ connection, jql, max }, { jira, attempt }) {
    const client = await jira(connection);
    const found = await searchIssues(client, jql, max, attempt.signal);
    return { issues: found.filter(({ key }) => isOfProjects(client, key)) };
  },
});
