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
  /** The resolutions that its screen offers; undefined where it has no field for one. */
  resolutions: z.array(z.string()).optional(),
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
          z.object({
            required: z.boolean().nullish(),
            hasDefaultValue: z.boolean().nullish(),
            allowedValues: z.array(z.unknown()).nullish(),
          }),
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
    ...(fields?.resolution ? { resolutions: namesIn(fields.resolution.allowedValues ?? []) } : {}),
  }));
}

const namesIn = (values: readonly unknown[]) =>
  values.flatMap((value) => z.object({ name: z.string() }).safeParse(value).data?.name ?? []);

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
 * Moves an issue to a status, by the status' name or category. Transitions differ by project and status, so those that
 * lead there are looked up each time: the one that says most plainly that the work was done is taken, and one whose screen
 * demands more than a resolution is passed over. After a conflict the issue is read again, once.
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
  const leading = transitions
    .filter((each) => isThere({ status: each.to, category: each.category }, to))
    .sort((one, other) => rankOf(one.to) - rankOf(other.to));
  const ways = leading.map((each) => wayOf(each, resolution));
  const way = ways.find(({ missing }) => missing.length === 0);
  if (way) {
    await jira.api(signal).issues.doTransition({
      issueIdOrKey: key,
      transition: { id: way.transition.id },
      ...(way.resolution ? { fields: { resolution: { name: way.resolution } } } : {}),
    });
    return { changed: true, from: status, to: way.transition.to };
  }
  const [first] = ways;
  if (first)
    throw conflict('Jira', `the transition to ${first.transition.to} demands ${first.missing.join(', ')}`);
  throw conflict('Jira', `no transition leads from ${status} to ${to}; ${listed(transitions)}`);
}

/** How a transition can be made: with which resolution, and what its screen demands that we cannot give. */
function wayOf(transition: Transition, wanted: string | undefined) {
  const { required, resolutions } = transition;
  const missing = required.filter((field) => field !== 'resolution');
  if (!resolutions || (wanted === undefined && !required.includes('resolution')))
    return { transition, missing, resolution: undefined };
  // A site that does not list its resolutions has the ones that Jira comes with.
  const offered = resolutions.length > 0 ? resolutions : [wanted ?? 'Done'];
  const resolution =
    wanted === undefined
      ? offered.toSorted((one, other) => rankOf(one) - rankOf(other)).find((name) => rankOf(name) < given.up)
      : offered.find((name) => name.toLowerCase() === wanted.toLowerCase());
  return { transition, resolution, missing: resolution ? missing : [...missing, 'resolution'] };
}

/** Statuses and resolutions of one category differ in what they tell: work that was done, or work that was given up. */
const given = { done: 0, resolved: 1, closed: 2, other: 3, up: 4 };
const givenUp =
  /\b(won['’]?t|cancel\w*|reject\w*|declin\w*|duplicat\w*|invalid|abandon\w*|obsolete|withdrawn|not|cannot|can['’]?t|incomplete|unresolved)\b/i;

function rankOf(name: string): number {
  if (givenUp.test(name)) return given.up;
  if (/\b(done|complete[d]?|fixed)\b/i.test(name)) return given.done;
  if (/\b(resolved|solved)\b/i.test(name)) return given.resolved;
  return /\bclosed\b/i.test(name) ? given.closed : given.other;
}

const listed = (transitions: readonly Transition[]) =>
  transitions.length === 0
    ? 'none is allowed to this account'
    : `possible: ${transitions.map(({ to }) => to).join(', ')}`;
