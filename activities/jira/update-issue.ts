import { z } from 'zod';
import type { Inverse } from '../../domain/plan.ts';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { isPlanned, issueKey, issuePath, label, oneLine } from './input.ts';
import { readIssue } from './issues.ts';
import { requireProject } from './projects.ts';

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
  inverse: { activity: 'updateJiraIssue' },
  async look({ connection, key, summary, addLabels }, { jira: connect, attempt: { signal } }) {
    const jira = await connect(connection);
    requireProject(jira, key);
    const issue = isPlanned(key) ? undefined : await readIssue(jira, key, signal);
    const labels = addLabels.filter((name) => !issue?.labels.includes(name));
    const values = { ...(summary === undefined || summary === issue?.summary ? {} : { summary }), labels };
    if (values.summary === undefined && labels.length === 0) return { done: { changed: false } };
    const before = issue && { summary: issue.summary, labels: issue.labels };
    const texts = [
      ...(values.summary === undefined ? [] : [`summary=${JSON.stringify(values.summary)}`]),
      ...labels.map((name) => `labels.add=${name}`),
    ];
    return {
      plan: {
        summary: `Changes ${key}: ${texts.join(', ')}`,
        calls: [`PUT ${issuePath(key)} ${texts.join(' ')}`],
        values,
        ...(before ? { before } : {}),
        after: { summary: summary ?? before?.summary, labels: [...(before?.labels ?? []), ...labels] },
        inverse: inverseOf({ connection, key, summary: before?.summary, labels }),
        output: { changed: true },
      },
    };
  },
  async act(
    { values: { summary, labels }, output },
    { connection, key },
    { jira: connect, attempt: { signal } },
  ) {
    const jira = await connect(connection);
    await jira.api(signal).issues.editIssue({
      issueIdOrKey: key,
      ...(summary === undefined ? {} : { fields: { summary } }),
      ...(labels.length > 0 ? { update: { labels: labels.map((name) => ({ add: name })) } } : {}),
    });
    return output;
  },
});

function inverseOf({
  connection,
  key,
  summary,
  labels,
}: {
  connection: string;
  key: string;
  /** As it was. */
  summary: string | undefined;
  /** That are added. */
  labels: readonly string[];
}): Inverse {
  if (labels.length > 0) return { none: 'no activity removes labels' };
  if (!summary) return { none: 'its summary is not known' };
  return { activity: 'updateJiraIssue', input: { connection, key, summary } };
}
