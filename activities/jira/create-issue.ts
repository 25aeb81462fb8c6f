import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { notYet, statusOf } from '../failures.ts';
import { jiraText, toAdf } from './adf.ts';
import type { Jira } from './client.ts';
import { findUser } from './find-user.ts';
import { anyLine, issueKey, label, plannedKey, projectKey, quoteJql } from './input.ts';
import { type JiraIssue, readIssue, searchIssues, searchMarked, urlOf } from './issues.ts';
import { requireProject } from './projects.ts';
import { isRefusal } from './refused-fields.ts';
import { createWithWhatFits } from './what-fits.ts';

/** How long a new issue may be missing from Jira's search. */
const searchLagSeconds = 60;
const lookAgainSeconds = 10;

const labelOf = (incidentId: string, purpose: string | undefined) =>
  `baton-${incidentId}${purpose === undefined ? '' : `-${purpose}`}`;

const inverse = { none: 'no activity deletes an issue; transitionJiraIssue can close it' } as const;

/**
 * One issue for an incident and purpose. What another run made is known to the store, without Jira's search, which lags. Jira has no idempotency key, so each issue carries a mark made of the two, as a label
 * and as a property, which is searched for first; as the search lags, an attempt after an unknown outcome goes on looking for
 * as long as the search may lag. What the project's screen refuses is left out and told, so that the issue is made.
 */
export const createJiraIssue = defineActivity({
  name: 'createJiraIssue',
  kind: 'change',
  onlyTells: true,
  provider: 'jira',
  summary: 'Creates the issue of an incident, or takes the one that is there',
  permissions: ['BROWSE_PROJECTS', 'CREATE_ISSUES', 'ASSIGN_ISSUES'],
  targets: ({ incidentId, purpose }) => [`jira:${labelOf(incidentId, purpose)}`],
  once: true,
  ticket: true,
  input: jiraText.extend({
    connection: connectionName,
    actor,
    incidentId: z.string().regex(/^[A-Za-z0-9_-]{1,100}$/),
    /** Where one incident has several issues: `diagnosis`, `follow-up`. */
    purpose: z
      .string()
      .regex(/^[a-z0-9-]{1,40}$/)
      .optional(),
    /** Where it says nothing, the issue is named for its incident. */
    summary: anyLine,
    project: projectKey.optional(),
    /** Unset: `JIRA_ISSUE_TYPE`, else Task, else the project's first one. */
    type: z.string().optional(),
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
    /** What Jira did not take, in a line each: the field, and Jira's reason. */
    leftOut: z.array(z.string()).default([]),
  }),
  example: { incidentId: 'Q1ABC', summary: 'Checkout is slow', text: 'p99 latency is above 2 s.' },
  inverse,
  async look(input, { jira: connect, attempt }) {
    const jira = await connect(input.connection);
    const { signal, uncertainSince, made } = attempt;
    const project = input.project ?? jira.projectKey;
    requireProject(jira, project);
    const mark = labelOf(input.incidentId, input.purpose);
    const there =
      (made === undefined ? undefined : await readMade(jira, made, signal)) ??
      (await findMarked(jira, project, mark, uncertainSince, signal));
    if (there)
      return { done: { changed: false, created: false, id: there.id, key: there.key, url: there.url } };
    const { assignee, leftOut } = await accountOf(jira, input.assignee, signal);
    const type = input.type ?? jira.issueType ?? 'Task';
    const summary = input.summary || `Incident ${input.incidentId}`;
    const labels = [mark, ...input.labels, ...labelsIn(jira.fields)];
    const fields = {
      ...jira.fields,
      summary,
      description: toAdf(input, attempt.mark),
      labels,
      ...(input.priority ? { priority: { name: input.priority } } : {}),
      ...(assignee ? { assignee: { id: assignee } } : {}),
    };
    const key = plannedKey(project);
    return {
      plan: {
        summary: `Creates a ${type} in ${project} for the incident ${input.incidentId}: ${summary}`,
        calls: [`POST /rest/api/3/issue project=${project} issuetype=${type} ${inWords(fields)}`],
        values: { project, type, fields, leftOut },
        after: { project, type, summary, labels },
        inverse,
        output: { changed: true, created: true, id: '0', key, url: urlOf(jira, key), leftOut },
      },
    };
  },
  async act({ values }, { connection, incidentId, purpose }, { jira: connect, attempt: { signal } }) {
    const jira = await connect(connection);
    const mark = labelOf(incidentId, purpose);
    const { id, key, leftOut } = await createWithWhatFits(jira, { ...values, mark, signal });
    const all = [...values.leftOut, ...leftOut];
    return { changed: true, created: true, id, key, url: urlOf(jira, key), leftOut: all };
  },
});

/** The fields of a new issue as a plan tells them, but for its text, which can be long. */
const inWords = (fields: Record<string, unknown>) =>
  Object.entries(fields)
    .map(([name, value]) => `${name}=${name === 'description' ? '…' : JSON.stringify(value)}`)
    .join(' ');

/** What an earlier call made, also of another run; undefined where somebody has deleted it since. */
async function readMade(jira: Jira, made: unknown, signal: AbortSignal): Promise<JiraIssue | undefined> {
  const known = z.object({ key: issueKey }).safeParse(made).data;
  if (!known) return undefined;
  try {
    return await readIssue(jira, known.key, signal);
  } catch (error) {
    if (isRefusal(error) && statusOf(error) === 404) return undefined;
    throw error;
  }
}

/** The issue that is there already. Throws where an earlier attempt may have made one that the search does not know yet. */
async function findMarked(
  jira: Jira,
  project: string,
  mark: string,
  uncertainSince: string | undefined,
  signal: AbortSignal,
): Promise<JiraIssue | undefined> {
  const jql = `project = ${quoteJql(project)} AND labels = ${quoteJql(mark)} ORDER BY created ASC`;
  const [labelled] = await searchIssues(jira, jql, 1, signal);
  if (labelled || uncertainSince === undefined) return labelled;
  // A project without labels on its screen: the mark is then in the property alone.
  const marked = await searchMarked(jira, project, mark, signal);
  if (marked) return marked;
  const passed = ((Date.now() - Date.parse(uncertainSince)) / 1000) * jira.timeScale;
  if (passed >= searchLagSeconds) return undefined;
  const seconds = Math.min(lookAgainSeconds, searchLagSeconds - passed) / jira.timeScale;
  throw notYet('Jira', 'its search may not show yet whether an earlier attempt made the issue', seconds);
}

/** The team's own labels do not replace the one by which the issue is found. */
const labelsIn = ({ labels }: Record<string, unknown>) => z.array(label).catch([]).parse(labels);

/** Somebody whom Jira does not know, or hides, is no reason not to create the issue; nor is an answer that cannot be read. */
async function accountOf(
  jira: Jira,
  assignee: string | undefined,
  signal: AbortSignal,
): Promise<{ assignee?: string; leftOut: string[] }> {
  if (!assignee?.includes('@')) return { ...(assignee ? { assignee } : {}), leftOut: [] };
  try {
    const account = await findUser(jira, assignee, signal);
    if (account) return { assignee: account, leftOut: [] };
    return { leftOut: [`assignee: Jira knows nobody by ${assignee}`] };
  } catch (error) {
    if (!isRefusal(error) && !isUnreadable(error)) throw error;
    return { leftOut: [`assignee: ${error.message}`] };
  }
}

const isUnreadable = (error: unknown): error is ApplicationFailure =>
  error instanceof ApplicationFailure && error.type === 'AnswerUnreadable';
