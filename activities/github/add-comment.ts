import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { decorative, membersOf } from '../lenient.ts';
import { bodyAs, type GitHub } from './client.ts';
import { issueNumber, repository } from './input.ts';
import { bodyOf, gitHubText, markerOf } from './markdown.ts';

const wireComment = z.object({
  id: z.number(),
  html_url: z.string().catch(''),
  body: decorative(z.string()),
});
const shown = ({ id, html_url }: z.output<typeof wireComment>) => ({ commentId: id, url: html_url });

/** GitHub takes no more than 2 500 comments on an issue. */
const mostPages = 25;

const inverse = { none: 'Baton deletes no comment; delete it at GitHub' } as const;

/** GitHub takes the same comment twice, so the effect's key is in its first line, unseen, and is looked for first. */
export const addGitHubComment = defineActivity({
  name: 'addGitHubComment',
  kind: 'change',
  onlyTells: true,
  provider: 'github',
  summary: 'Comments on an issue or a pull request',
  permissions: ['issues:write', 'metadata:read'],
  example: { repository: 'acme/shop', number: 7, text: 'Rolled back to 4.1.2' },
  input: gitHubText.extend({ connection: connectionName, actor, repository, number: issueNumber }),
  output: z.object({
    changed: z.boolean(),
    /** 0 in plan mode. */
    commentId: z.number(),
    url: z.string(),
  }),
  inverse,
  async look({ connection, repository: named, number, ...text }, { github: connect, attempt }) {
    const github = await connect(connection);
    const into = github.repository(named);
    const path = `/repos/${into}/issues/${number}/comments`;
    const marker = markerOf('comment', attempt.key);
    const found = await findComment(github, path, marker, attempt.signal);
    if (found) return { done: { changed: false, ...found } };
    const body = bodyOf(text, marker, attempt.mark);
    return {
      plan: {
        summary: `Comments on ${into}#${number}`,
        calls: [`POST ${path}`],
        values: { path, body },
        after: { body },
        inverse,
        output: { changed: true, commentId: 0, url: '' },
      },
    };
  },
  async act({ values: { path, body }, output }, { connection }, { github: connect, attempt }) {
    const github = await connect(connection);
    const answer = await github.post(path, { body }, attempt.signal);
    return { ...output, ...shown(bodyAs(answer, wireComment)) };
  },
});

/** The comment that carries this marker, among all of the issue. */
async function findComment(github: GitHub, path: string, marker: string, signal: AbortSignal) {
  for (let page = 1; page <= mostPages; page += 1) {
    const answer = await github.get(path, { per_page: 100, page }, signal);
    const found = bodyAs(answer, membersOf(wireComment)).find(({ body }) => body?.startsWith(marker));
    if (found) return shown(found);
    if (!answer.hasNext) return undefined;
  }
  return undefined;
}
