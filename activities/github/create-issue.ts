import { z } from 'zod';
import { type Attempt, actor, connectionName, defineActivity } from '../activity.ts';
import { notYet, statusOf } from '../failures.ts';
import { decorative, listOf, membersOf } from '../lenient.ts';
import { bodyAs, type GitHub } from './client.ts';
import { incidentId, issueNumber, purpose, repository, title } from './input.ts';
import { bodyOf, gitHubText, markerOf } from './markdown.ts';

/** By which the issues of Baton are found among those of a team. GitHub makes the label where it is not there. */
const ourLabel = 'baton';
/** GitHub's lists are up to date within seconds; its search is not. */
const listLagSeconds = 10;
const lookAgainSeconds = 2;
/** A thousand issues. */
const mostPages = 10;

const keyOf = ({ incidentId: id, purpose: of }: { incidentId: string; purpose?: string | undefined }) =>
  of === undefined ? id : `${id}/${of}`;

const inverse = { none: 'GitHub deletes no issue by its API; close it there' } as const;

/**
 * One issue for an incident and purpose in a repository. GitHub knows no key, so the first line of the issue is a hidden mark made of
 * the two, which is looked for first among the issues with the label `baton`. An attempt after an unknown outcome also looks among
 * the newest ones, since GitHub drops the label where the token may not set it, and for as long as a list may lag. What another run made
 * is known to the store.
 */
export const createGitHubIssue = defineActivity({
  name: 'createGitHubIssue',
  kind: 'change',
  onlyTells: true,
  provider: 'github',
  summary: 'Creates the issue of an incident, or takes the one that is there',
  permissions: ['issues:write', 'metadata:read'],
  example: {
    incidentId: 'PABC123',
    title: 'Checkout is slow',
    text: 'p99 above 2 s since 09:12',
    labels: ['sev2'],
  },
  targets: (input) => [`github:${(input.repository ?? '').toLowerCase()}/issues/${keyOf(input)}`],
  once: true,
  ticket: true,
  input: gitHubText.extend({
    connection: connectionName,
    actor,
    repository,
    incidentId,
    purpose,
    title,
    labels: z
      .array(z.string().regex(/^[^,\p{Cc}]{1,50}$/u, 'must have no comma and at most 50 characters'))
      .max(20)
      .default([]),
    /** Logins. */
    assignees: z
      .array(z.string().regex(/^[A-Za-z0-9-]{1,39}$/))
      .max(10)
      .default([]),
  }),
  output: z.object({
    changed: z.boolean(),
    created: z.boolean(),
    repository: z.string(),
    /** 0 in plan mode. */
    number: z.number(),
    url: z.string(),
    /** What GitHub did not take, in a line each. */
    leftOut: z.array(z.string()).default([]),
  }),
  inverse,
  async look(input, { github: connect, attempt }) {
    const github = await connect(input.connection);
    const into = github.repository(input.repository);
    const marker = markerOf('issue', keyOf(input));
    const there =
      (await readMade(github, into, attempt)) ?? (await findMarked(github, into, marker, attempt));
    if (there) return { done: { changed: false, created: false, repository: into, ...there } };
    const values = {
      title: input.title,
      body: bodyOf(input, marker, attempt.mark),
      labels: [...new Set([ourLabel, ...input.labels])],
      assignees: input.assignees,
    };
    return {
      plan: {
        summary: `Creates an issue in ${into}: ${input.title}`,
        calls: [`POST /repos/${into}/issues title=${JSON.stringify(input.title)}`],
        values,
        after: { repository: into, ...values },
        inverse,
        output: { changed: true, created: true, repository: into, number: 0, url: '' },
      },
    };
  },
  async act({ values, output }, { connection }, { github: connect, attempt }) {
    const github = await connect(connection);
    const { issue, leftOut } = await create(github, output.repository, values, attempt.signal);
    return { ...output, number: issue.number, url: issue.html_url, leftOut };
  },
});

const wireIssue = z.object({
  number: issueNumber,
  html_url: z.string().catch(''),
  body: decorative(z.string()),
  // A list of issues has pull requests too.
  pull_request: z.unknown().optional(),
  labels: listOf(z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)])),
  assignees: listOf(z.object({ login: z.string() }).transform(({ login }) => login)),
});
type WireIssue = z.output<typeof wireIssue>;
const shown = ({ number, html_url }: WireIssue) => ({ number, url: html_url });

const hasStatus = (error: unknown, ...statuses: number[]) => statuses.includes(statusOf(error) ?? 0);

/** What an earlier call made, also of another run; undefined where somebody has deleted it since. */
async function readMade(github: GitHub, into: string, { made, signal }: Attempt) {
  const known = z.object({ repository: z.literal(into), number: issueNumber }).safeParse(made).data;
  if (!known) return undefined;
  try {
    const answer = await github.get(`/repos/${into}/issues/${known.number}`, {}, signal);
    return shown(bodyAs(answer, wireIssue));
  } catch (error) {
    if (hasStatus(error, 404, 410)) return undefined;
    throw error;
  }
}

/** The issue that is there already. Throws where an earlier attempt may have made one that no list shows yet. */
async function findMarked(github: GitHub, into: string, marker: string, { uncertainSince, signal }: Attempt) {
  const isOurs = ({ body, pull_request }: WireIssue) =>
    pull_request === undefined && body?.startsWith(marker) === true;
  const order = { state: 'all', sort: 'created', direction: 'desc', per_page: 100 };
  for (let page = 1; page <= mostPages; page += 1) {
    const answer = await github.get(`/repos/${into}/issues`, { ...order, labels: ourLabel, page }, signal);
    const found = bodyAs(answer, membersOf(wireIssue)).find(isOurs);
    if (found) return shown(found);
    if (!answer.hasNext) break;
  }
  if (uncertainSince === undefined) return undefined;
  const newest = await github.get(`/repos/${into}/issues`, order, signal);
  const found = bodyAs(newest, membersOf(wireIssue)).find(isOurs);
  if (found) return shown(found);
  const passed = ((Date.now() - Date.parse(uncertainSince)) / 1000) * github.timeScale;
  if (passed >= listLagSeconds) return undefined;
  const seconds = Math.min(lookAgainSeconds, listLagSeconds - passed) / github.timeScale;
  throw notYet('GitHub', 'its list may not show yet whether an earlier attempt made the issue', seconds);
}

interface NewIssue {
  title: string;
  body: string;
  labels: string[];
  assignees: string[];
}

/** Somebody whom GitHub does not know is no reason not to create the issue. */
async function create(github: GitHub, into: string, wanted: NewIssue, signal: AbortSignal) {
  const path = `/repos/${into}/issues`;
  const answer = await github.post(path, wanted, signal).catch((error: unknown) => {
    if (wanted.assignees.length === 0 || !hasStatus(error, 422)) throw error;
    return github.post(path, { ...wanted, assignees: [] }, signal);
  });
  const issue = bodyAs(answer, wireIssue);
  const lower = (list: string[]) => new Set(list.map((each) => each.toLowerCase()));
  const [labels, assignees] = [lower(issue.labels), lower(issue.assignees)];
  const leftOut = [
    ...wanted.labels.filter((each) => !labels.has(each.toLowerCase())).map((each) => `label ${each}`),
    ...wanted.assignees
      .filter((each) => !assignees.has(each.toLowerCase()))
      .map((each) => `assignee ${each}`),
  ].map((what) => `${what}: GitHub did not take it`);
  return { issue, leftOut };
}
