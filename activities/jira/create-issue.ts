import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { jiraText, toAdf } from './adf.ts';
import type { Jira } from './client.ts';
import { findUser } from './find-user.ts';
import { label, oneLine, projectKey, quoteJql } from './input.ts';
import { searchIssues, urlOf } from './issues.ts';

/** How long a new issue may be missing from Jira's search. */
const searchLagSeconds = 5;

const labelOf = (incidentId: string, purpose: string | undefined) =>
  `baton-${incidentId}${purpose === undefined ? '' : `-${purpose}`}`;

const created = z.object({ id: z.string(), key: z.string() });

/**
 * One issue for an incident and purpose. Jira has no idempotency key, so each issue carries a label made of the two, which
 * is searched for first; as the search lags, an attempt after an unknown outcome looks again before it creates.
 */
export const createJiraIssue = defineActivity({
  name: 'createJiraIssue',
  kind: 'change',
  provider: 'jira',
  summary: 'Creates the issue of an incident, or takes the one that is there',
  permissions: ['BROWSE_PROJECTS', 'CREATE_ISSUES', 'ASSIGN_ISSUES'],
  targets: ({ incidentId, purpose }) => [`jira:${labelOf(incidentId, purpose)}`],
  input: jiraText.extend({
    connection: connectionName,
    actor,
    incidentId: z.string().regex(/^[A-Za-z0-9_-]{1,100}$/),
    /** Where one incident has several issues: `diagnosis`, `follow-up`. */
    purpose: z
      .string()
      .regex(/^[a-z0-9-]{1,40}$/)
      .optional(),
    summary: oneLine,
    project: projectKey.optional(),
    type: z.string().default('Task'),
    priority: z.string().optional(),
    /** An account id, or an e-mail address. */
    assignee: z.string().optional(),
    labels: z.array(label).default([]),
  }),
  output: z.object({
    changed: z.boolean(),
    created: z.boolean(),
    id: z.string(),
    key: z.string(),
    url: z.string(),
  }),
  async run(input, { jira: connect, attempt }) {
    const jira = await connect(input.connection);
    const { signal, uncertainSince } = attempt;
    const project = input.project ?? jira.projectKey;
    const marker = labelOf(input.incidentId, input.purpose);
    const jql = `project = ${quoteJql(project)} AND labels = ${quoteJql(marker)} ORDER BY created ASC`;
    let [found] = await searchIssues(jira, jql, 1, signal);
    if (!found && uncertainSince !== undefined) {
      await pause((searchLagSeconds * 1000) / jira.timeScale, undefined, { signal });
      [found] = await searchIssues(jira, jql, 1, signal);
    }
    if (found) return { changed: false, created: false, id: found.id, key: found.key, url: found.url };
    const assignee = await accountOf(jira, input.assignee, signal);
    const answer = await jira.api(signal).issues.createIssue({
      fields: {
        project: { key: project },
        issuetype: { name: input.type },
        summary: input.summary,
        description: toAdf(input, attempt.mark),
        labels: [marker, ...input.labels],
        ...(input.priority ? { priority: { name: input.priority } } : {}),
        ...(assignee ? { assignee: { id: assignee } } : {}),
      },
    });
    const { id, key } = created.parse(answer);
    return { changed: true, created: true, id, key, url: urlOf(jira, key) };
  },
});

/** Somebody whom Jira does not know, or hides, is no reason not to create the issue. */
async function accountOf(
  jira: Jira,
  assignee: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  return assignee?.includes('@') ? findUser(jira, assignee, signal) : assignee;
}
