import { z } from 'zod';
import { decorative, listOf } from '../lenient.ts';
import type { Jira } from './client.ts';
import { quoteJql } from './input.ts';
import { wireId } from './wire.ts';

export const issueSchema = z.object({
  id: z.string(),
  key: z.string(),
  url: z.string(),
  summary: z.string(),
  status: z.string(),
  /** `new`, `indeterminate` or `done`. */
  category: z.string(),
  labels: z.array(z.string()),
  assignee: z.string().optional(),
});
export type JiraIssue = z.output<typeof issueSchema>;

export const issueFields = ['summary', 'status', 'labels', 'assignee'];

/** A status as an issue has it, and as a transition leads to it. */
export const wireStatus = z.object({
  name: z.string(),
  statusCategory: decorative(z.object({ key: z.string() })),
});

const wireIssue = z.object({
  id: wireId,
  key: z.string(),
  fields: decorative(
    z.object({
      summary: decorative(z.string()),
      status: decorative(wireStatus),
      labels: listOf(z.string()),
      assignee: decorative(z.object({ accountId: z.string() })),
    }),
  ),
});

export const urlOf = ({ baseUrl }: Jira, key: string) => `${baseUrl}/browse/${key}`;

export function toIssue(jira: Jira, wire: unknown): JiraIssue {
  const { id, key, fields } = wireIssue.parse(wire);
  return {
    id,
    key,
    url: urlOf(jira, key),
    summary: fields?.summary ?? '',
    status: fields?.status?.name ?? '',
    category: fields?.status?.statusCategory?.key ?? '',
    labels: fields?.labels ?? [],
    ...(fields?.assignee ? { assignee: fields.assignee.accountId } : {}),
  };
}

export async function readIssue(jira: Jira, key: string, signal: AbortSignal): Promise<JiraIssue> {
  return toIssue(jira, await jira.api(signal).issues.getIssue({ issueIdOrKey: key, fields: issueFields }));
}

const wirePage = z.object({ issues: z.array(z.unknown()).nullish(), nextPageToken: z.string().nullish() });

/** All pages, up to `max`. Jira's search lags behind what was just written. */
export async function searchIssues(
  jira: Jira,
  jql: string,
  max: number,
  signal: AbortSignal,
): Promise<JiraIssue[]> {
  const found: JiraIssue[] = [];
  let nextPageToken: string | undefined;
  do {
    const answer = await jira.api(signal).issueSearch.searchAndReconsileIssuesUsingJqlPost({
      jql,
      fields: issueFields,
      maxResults: Math.min(max, 100),
      ...(nextPageToken ? { nextPageToken } : {}),
    });
    const page = wirePage.parse(answer);
    found.push(...(page.issues ?? []).map((issue) => toIssue(jira, issue)));
    nextPageToken = page.nextPageToken ?? undefined;
  } while (nextPageToken && found.length < max);
  return found.slice(0, max);
}

const wireMark = z.object({ properties: z.object({ baton: z.object({ mark: z.string() }) }) });
/** Our account creates no more than these within the time that the search lags. */
const newestCount = 50;

/** The issue with this mark among the newest that our own account created. */
export async function searchMarked(
  jira: Jira,
  project: string,
  mark: string,
  signal: AbortSignal,
): Promise<JiraIssue | undefined> {
  const answer = await jira.api(signal).issueSearch.searchAndReconsileIssuesUsingJqlPost({
    jql: `project = ${quoteJql(project)} AND creator = currentUser() AND created >= "-1d" ORDER BY created DESC`,
    fields: issueFields,
    properties: ['baton'],
    maxResults: newestCount,
  });
  const marked = (wirePage.parse(answer).issues ?? []).find(
    (issue) => wireMark.safeParse(issue).data?.properties.baton.mark === mark,
  );
  return marked === undefined ? undefined : toIssue(jira, marked);
}
