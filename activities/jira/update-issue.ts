import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { issueKey, label, oneLine } from './input.ts';
import { readIssue } from './issues.ts';

/** Reads first, and leaves alone what is so already. */
export const updateJiraIssue = defineActivity({
  name: 'updateJiraIssue',
  kind: 'change',
  provider: 'jira',
  summary: 'Sets the summary of an issue and adds labels',
  permissions: ['BROWSE_PROJECTS', 'EDIT_ISSUES'],
  targets: ({ key }) => [`jira:${key}`],
  input: z.object({
    connection: connectionName,
    actor,
    key: issueKey,
    summary: oneLine.optional(),
    addLabels: z.array(label).default([]),
  }),
  output: z.object({ changed: z.boolean() }),
  example: { key: 'OPS-1', summary: 'Checkout is slow again', addLabels: ['checkout'] },
  async run({ connection, key, summary, addLabels }, { jira: connect, attempt: { signal } }) {
    const jira = await connect(connection);
    const issue = await readIssue(jira, key, signal);
    const labels = addLabels.filter((name) => !issue.labels.includes(name));
    const isNewSummary = summary !== undefined && summary !== issue.summary;
    if (labels.length === 0 && !isNewSummary) return { changed: false };
    await jira.api(signal).issues.editIssue({
      issueIdOrKey: key,
      ...(isNewSummary ? { fields: { summary } } : {}),
      ...(labels.length > 0 ? { update: { labels: labels.map((name) => ({ add: name })) } } : {}),
    });
    return { changed: true };
  },
});
