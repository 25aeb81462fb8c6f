import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { jiraText, toAdf } from './adf.ts';
import type { Jira } from './client.ts';
import { isPlanned, issueKey, issuePath } from './input.ts';
import { requireProject } from './projects.ts';

const keyProperty = 'baton.key';

const wireComments = z.object({
  comments: z
    .array(
      z.object({
        id: z.string(),
        properties: z.array(z.object({ key: z.string(), value: z.unknown() })).nullish(),
      }),
    )
    .nullish(),
  total: z.number().nullish(),
});

/** The comment that carries this key, among all of the issue. */
async function findComment(
  jira: Jira,
  issue: string,
  key: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const pageSize = 100;
  for (let startAt = 0; ; startAt += pageSize) {
    const answer = await jira.api(signal).issueComments.getComments({
      issueIdOrKey: issue,
      startAt,
      maxResults: pageSize,
      expand: 'properties',
    });
    const { comments, total } = wireComments.parse(answer);
    const found = comments?.find(({ properties }) =>
      properties?.some((property) => property.key === keyProperty && property.value === key),
    );
    if (found) return found.id;
    if (!comments?.length || startAt + pageSize >= (total ?? 0)) return undefined;
  }
}

const inverse = { none: 'no activity removes a comment' } as const;

/** Jira takes the same comment twice, so the effect's key goes with it as a property and is looked for first. */
export const addJiraComment = defineActivity({
  name: 'addJiraComment',
  kind: 'change',
  onlyTells: true,
  provider: 'jira',
  summary: 'Comments on an issue',
  permissions: ['BROWSE_PROJECTS', 'ADD_COMMENTS'],
  input: jiraText.extend({ connection: connectionName, actor, key: issueKey }),
  output: z.object({ changed: z.boolean(), commentId: z.string() }),
  example: { key: 'OPS-1', text: 'Restarted checkout; the rollout is complete.' },
  inverse,
  async look({ connection, key, text }, { jira: connect, attempt }) {
    const jira = await connect(connection);
    requireProject(jira, key);
    const found = isPlanned(key) ? undefined : await findComment(jira, key, attempt.key, attempt.signal);
    if (found) return { done: { changed: false, commentId: found } };
    return {
      plan: {
        summary: `Comments on ${key}`,
        calls: [`POST ${issuePath(key)}/comment properties.${keyProperty}=${attempt.key}`],
        values: {},
        after: { text },
        inverse,
        output: { changed: true, commentId: '' },
      },
    };
  },
  async act(_, { connection, key, ...text }, { jira: connect, attempt }) {
    const jira = await connect(connection);
    const answer = await jira.api(attempt.signal).issueComments.addComment({
      issueIdOrKey: key,
      body: toAdf(text, attempt.mark),
      properties: [{ key: keyProperty, value: attempt.key }],
    });
    return { changed: true, commentId: z.object({ id: z.string() }).parse(answer).id };
  },
});
