import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { actor, connectionName, defineActivity } from '../activity.ts';
import { conflict } from '../failures.ts';
import type { Jira } from './client.ts';
import { issueKey } from './input.ts';
import { type JiraIssue, readIssue } from './issues.ts';
import { meaningOf, meanings } from './meaning.ts';
import { refusalOf } from './refused-fields.ts';
import { type Transition, transitionSchema, transitionsOf } from './transitions.ts';

export const listJiraTransitions = defineActivity({
  name: 'listJiraTransitions',
  kind: 'read',
  provider: 'jira',
  summary: 'Lists the transitions that an issue can take now',
  permissions: ['BROWSE_PROJECTS', 'TRANSITION_ISSUES'],
  input: z.object({ connection: connectionName, key: issueKey }),
  output: z.object({ transitions: z.array(transitionSchema) }),
  example: { key: 'OPS-1' },
  async run({ connection, key }, { jira, attempt }) {
    return { transitions: await transitionsOf(await jira(connection), key, attempt.signal) };
  },
});

/** By its name or its category; a category that cannot be read is told by the name. */
function isThere({ status, category }: { status: string; category: string }, wanted: string): boolean {
  const plain = wanted.trim().toLowerCase();
  if ([status.trim().toLowerCase(), category].includes(plain)) return true;
  return plain === 'done' && !categories.includes(category) && meaningOf(status) < meanings.other;
}
const categories = ['new', 'indeterminate', 'done'];

/**
 * Moves an issue to a status, by the status' name or category. Transitions differ by project and status, so those that
 * lead there are looked up each time: the one that says most plainly that the work was done is taken, and one whose screen
 * demands more than a resolution is passed over. What gives the work up is taken only where its status is asked for by name. After
 * a conflict the issue is read again, once.
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
  example: { key: 'OPS-1', to: 'done' },
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
  wanted: string,
  resolution: string | undefined,
  signal: AbortSignal,
): Promise<{ changed: boolean; from: string; to: string }> {
  const all = await transitionsOf(jira, key, signal);
  const ways = waysTo(wanted, all).map((each) => wayOf(each, resolution));
  let refusal: unknown;
  for (const { transition, resolution, missing } of ways) {
    if (missing.length > 0) continue;
    try {
      await jira.api(signal).issues.doTransition({
        issueIdOrKey: key,
        transition: { id: transition.id },
        ...(resolution ? { fields: { resolution: { name: resolution } } } : {}),
      });
      return { changed: true, from: status, to: transition.to };
    } catch (error) {
      // The workflow demands what no screen tells. Nothing was moved, so that another way may be tried.
      if (!refusalOf(error)) throw error;
      refusal ??= error;
    }
  }
  if (refusal) throw refusal;
  throw conflict('Jira', whyNot(status, wanted, ways, all));
}

/** The transitions that lead there, the best first. */
function waysTo(wanted: string, all: readonly Transition[]): Transition[] {
  const leading = all
    .filter(({ to, category }) => isThere({ status: to, category }, wanted))
    .toSorted((one, other) => Number(givesUp(one)) - Number(givesUp(other)));
  if (wanted.trim().toLowerCase() !== 'done') return leading;
  return leading
    .filter((each) => !givesUp(each))
    .toSorted(
      (one, other) => meaningOf(one.to) - meaningOf(other.to) || meaningOf(one.name) - meaningOf(other.name),
    );
}

/** A transition "Reject" to a status "Closed" gives the work up as well. */
const givesUp = ({ name, to }: Transition) => [name, to].some((text) => meaningOf(text) === meanings.givenUp);

/** How a transition can be made: with which resolution, and what its screen demands that we cannot give. */
function wayOf(transition: Transition, wanted: string | undefined) {
  const { required, resolutions } = transition;
  const missing = required.filter((field) => field !== 'resolution');
  if (!resolutions || (wanted === undefined && !required.includes('resolution')))
    return { transition, missing, resolution: undefined };
  // A site that does not list its resolutions has the ones that Jira comes with.
  const offered = resolutions.length > 0 ? resolutions : [wanted ?? 'Done'];
  const resolution = wanted === undefined ? fitting(offered, transition) : named(wanted, offered);
  return { transition, resolution, missing: resolution ? missing : [...missing, 'resolution'] };
}

const named = (wanted: string, names: readonly string[]) =>
  names.find((name) => name.toLowerCase() === wanted.toLowerCase());

/** The resolution that tells the same as the transition: work that was done, or work that was given up. */
function fitting(offered: readonly string[], transition: Transition): string | undefined {
  const isUp = (name: string) => meaningOf(name) === meanings.givenUp;
  if (givesUp(transition)) return named(transition.to, offered) ?? offered.find(isUp);
  const ranked = offered.toSorted((one, other) => meaningOf(one) - meaningOf(other));
  return ranked.find((name) => !isUp(name));
}

function whyNot(
  from: string,
  wanted: string,
  [first]: readonly { transition: Transition; missing: string[] }[],
  all: readonly Transition[],
): string {
  if (first)
    return (
      `the transition to ${first.transition.to} demands ${first.missing.join(', ')}; ` +
      'move the issue in Jira, or let the screen demand less'
    );
  const none = `no transition leads from ${from} to ${wanted}`;
  if (all.length === 0) return `${none}; none is allowed to this account: it needs TRANSITION_ISSUES`;
  const listed = all.map(({ name, to }) => (named(name, [to]) ? to : `${to} (by "${name}")`)).join(', ');
  const up = all.some(givesUp) ? ' (one that gives the work up is taken only so)' : '';
  return `${none}; possible: ${listed.slice(0, 500)}. Ask for one of these by its status' name${up}, or move the issue in Jira`;
}
