import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { conflict } from '../failures.ts';
import type { Jira } from './client.ts';
import { issueKey } from './input.ts';
import { type JiraIssue, readIssue } from './issues.ts';

const transitionSchema = z.object({
  id: z.string(),
  name: z.string(),
  to: z.string(),
  /** `new`, `indeterminate` or `done`. */
  category: z.string(),
  /** Fields that the transition's screen demands. */
  required: z.array(z.string()),
});
type Transition = z.output<typeof transitionSchema>;

const wireTransitions = z.object({
  transitions: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      to: z.object({ name: z.string(), statusCategory: z.object({ key: z.string() }).nullish() }),
      fields: z
        .record(
          z.string(),
          z.object({ required: z.boolean().nullish(), hasDefaultValue: z.boolean().nullish() }),
        )
        .nullish(),
    }),
  ),
});

async function transitionsOf(jira: Jira, key: string, signal: AbortSignal): Promise<Transition[]> {
  const answer = await jira
    .api(signal)
    .issues.getTransitions({ issueIdOrKey: key, expand: 'transitions.fields' });
  return wireTransitions.parse(answer).transitions.map(({ id, name, to, fields }) => ({
    id,
    name,
    to: to.name,
    category: to.statusCategory?.key ?? '',
    required: Object.entries(fields ?? {})
      .filter(([, { required, hasDefaultValue }]) => required && !hasDefaultValue)
      .map(([field]) => field),
  }));
}

export const listJiraTransitions = defineActivity({
  name: 'listJiraTransitions',
  kind: 'read',
  provider: 'jira',
  summary: 'Lists the transitions that an issue can take now',
  permissions: ['BROWSE_PROJECTS', 'TRANSITION_ISSUES'],
  input: z.object({ connection: connectionName, key: issueKey }),
  output: z.object({ transitions: z.array(transitionSchema) }),
  async run({ connection, key }, { jira, attempt }) {
    return { transitions: await transitionsOf(await jira(connection), key, attempt.signal) };
  },
});

const isThere = (issue: { status: string; category: string }, wanted: string) =>
  [issue.status.toLowerCase(), issue.category].includes(wanted.toLowerCase());

/**
 * Moves an issue to a status, by the status' name or category. Transitions differ by project and status, so the one that
 * leads there is looked up each time. After a conflict the issue is read again, once.
 */
export const transitionJiraIssue = defineActivity({
  name: 'transitionJiraIssue',
  kind: 'change',
  provider: 'jira',
  summary: 'Moves an issue to another status',
  permissions: ['BROWSE_PROJECTS', 'TRANSITION_ISSUES'],
  targets: ({ key }) => [`jira:${key}`],
  input: z.object({
    connection: connectionName,
    actor,
    key: issueKey,
    /** A status' name, or the category `new`, `indeterminate` or `done`. */
    to: z.string().min(1),
    resolution: z.string().optional(),
  }),
  output: z.object({ changed: z.boolean(), from: z.string(), to: z.string() }),
  async run({ connection, key, to, resolution }, { jira: connect, attempt: { signal } }) {
    const jira = await connect(connection);
    const move = (issue: JiraIssue) => transition(jira, issue, to, resolution, signal);
    const issue = await readIssue(jira, key, signal);
    if (isThere(issue, to)) return { changed: false, from: issue.status, to: issue.status };
    try {
      return await move(issue);
    } catch (error) {
      if (!(error instanceof ApplicationFailure) || error.type !== 'Conflict') throw error;
      const again = await readIssue(jira, key, signal);
      return isThere(again, to) ? { changed: false, from: issue.status, to: again.status } : move(again);
    }
  },
});

async function transition(
  jira: Jira,
  { key, status }: JiraIssue,
  to: string,
  resolution: string | undefined,
  signal: AbortSignal,
): Promise<{ changed: boolean; from: string; to: string }> {
  const transitions = await transitionsOf(jira, key, signal);
  const found = transitions.find((each) => isThere({ status: each.to, category: each.category }, to));
  if (!found) throw conflict('Jira', `no transition leads from ${status} to ${to}; ${listed(transitions)}`);
  const given = resolution ?? (found.required.includes('resolution') ? 'Done' : undefined);
  const missing = found.required.filter((field) => field !== 'resolution');
  if (missing.length > 0)
    throw conflict('Jira', `the transition to ${found.to} demands ${missing.join(', ')}`);
  await jira.api(signal).issues.doTransition({
    issueIdOrKey: key,
    transition: { id: found.id },
    ...(given ? { fields: { resolution: { name: given } } } : {}),
  });
  return { changed: true, from: status, to: found.to };
}

const listed = (transitions: readonly Transition[]) =>
  transitions.length === 0
    ? 'none is allowed to this account'
    : `possible: ${transitions.map(({ to }) => to).join(', ')}`;
