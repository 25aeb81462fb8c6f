import { z } from 'zod';

export const issueKey = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]{1,19}-\d{1,9}$/, 'must be an issue key such as OPS-77');
export const projectKey = z.string().regex(/^[A-Z][A-Z0-9_]{1,19}$/, 'must be a project key such as OPS');
/** What a run in plan mode goes on with, as no issue was made: Jira counts from 1, so there is none of this key to look at. */
export const plannedKey = (project: string) => `${project}-0`;
export const isPlanned = (key: string) => key.endsWith('-0');
/** Jira refuses labels with spaces. */
export const label = z.string().regex(/^[^\s"]{1,255}$/, 'must have no space and at most 255 characters');

/** Without control characters, of which a log is full, and without half a character. */
export const visible = (text: string) => text.toWellFormed().replace(/[^\P{Cc}\n\t]/gu, '');

/** One line of at most 255 characters, as Jira demands of a summary; it may be empty. */
export const anyLine = z.string().transform((text) => cutTo(visible(text.replace(/\s+/g, ' ')).trim(), 255));
export const oneLine = anyLine.pipe(z.string().min(1));

const cutTo = (text: string, length: number) =>
  text.length <= length ? text : `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;

/** A value inside a JQL string (https://support.atlassian.com/jira-software-cloud/docs/jql-fields/). */
export const quoteJql = (text: string) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

/** Where Jira's API has an issue, as a plan tells it. */
export const issuePath = (key: string) => `/rest/api/3/issue/${key}`;
