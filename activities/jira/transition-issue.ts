import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import type { Looked, Plan } from '../../domain/plan.ts';
import { type ActivityContext, actor, connectionName, defineActivity } from '../activity.ts';
import { conflict } from '../failures.ts';
import type { Jira } from './client.ts';
import { isPlanned, issueKey, issuePath } from './input.ts';
import { readIssue } from './issues.ts';
import { requireProject } from './projects.ts';
import { refusalOf } from './refused-fields.ts';
import { transitionSchema, transitionsOf } from './transitions.ts';
import { isThere, type Way, waysTo, whyNot } from './ways.ts';

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
    const client = await jira(connection);
    requireProject(client, key);
    return { transitions: await transitionsOf(client, key, attempt.signal) };
  },
});

const input = z.object({
  connection: connectionName,
  actor,
  key: issueKey,
  /** A status' name, or the category `new`, `indeterminate` or `done`. */
  to: z.string().min(1),
  resolution: z.string().optional(),
});
type Input = z.output<typeof input>;
const output = z.object({ changed: z.boolean(), from: z.string(), to: z.string() });
type Output = z.input<typeof output>;

/** From where the issue is moved, and by what: the first of these that its workflow does not refuse. */
interface Values {
  from: string;
  ways: [Way, ...Way[]];
}

/**
 * Moves an issue to a status, by the status' name or category. Transitions differ by project and status, so those that
 * lead there are looked up each time: the one that says most plainly that the work was done is taken, and one whose screen
 * demands more than a resolution is passed over. What gives the work up is taken only where its status is asked for by name. After
 * a conflict or a refusal the issue is looked at again, once, and moved from where it was and from nowhere else.
 */
export const transitionJiraIssue = defineActivity({
  name: 'transitionJiraIssue',
  kind: 'change',
  provider: 'jira',
  summary: 'Moves an issue to another status',
  permissions: ['BROWSE_PROJECTS', 'TRANSITION_ISSUES'],
  targets: ({ key }) => [`jira:${key}`],
  causes: ['jira.issue.updated'],
  input,
  output,
  example: { key: 'OPS-1', to: 'done' },
  inverse: { activity: 'transitionJiraIssue' },
  look,
  async act({ values }, input, context) {
    const jira = await context.jira(input.connection);
    const move = (by: Values) => moved(jira, input.key, by, context.attempt.signal);
    try {
      return await move(values);
    } catch (error) {
      const isConflict = error instanceof ApplicationFailure && error.type === 'Conflict';
      if (!isConflict && !refusalOf(error)) throw error;
      const looked = await look(input, context);
      if ('done' in looked) return { ...looked.done, from: values.from };
      const again = looked.plan.values;
      if (again.from !== values.from)
        throw conflict(
          'Jira',
          `${input.key} was moved from ${values.from} to ${again.from}, and is left there`,
        );
      // What its workflow refused it would refuse again.
      if (!isConflict) throw error;
      return move(again);
    }
  },
});

async function look(
  input: Input,
  { jira: connect, attempt: { signal } }: ActivityContext,
): Promise<Looked<Output, Values>> {
  const { key, to, resolution } = input;
  const jira = await connect(input.connection);
  requireProject(jira, key);
  if (isPlanned(key)) return { plan: planOf(input, { from: '', ways: [{ id: '', name: to, to }] }) };
  const issue = await readIssue(jira, key, signal);
  const from = issue.status;
  if (isThere(issue, to)) return { done: { changed: false, from, to: from } };
  const all = await transitionsOf(jira, key, signal);
  const leading = waysTo(to, all, resolution);
  const [best, ...others] = leading.filter(({ missing }) => missing.length === 0).map(({ way }) => way);
  if (best) return { plan: planOf(input, { from, ways: [best, ...others] }) };
  // It may have been moved between the two reads.
  const again = await readIssue(jira, key, signal);
  if (isThere(again, to)) return { done: { changed: false, from, to: again.status } };
  throw conflict('Jira', whyNot(from, to, leading, all));
}

function planOf({ connection, key }: Input, values: Values): Plan<Output, Values> {
  const { from, ways } = values;
  const [{ to, resolution }] = ways;
  return {
    summary: `Moves ${key} ${from && `from ${from} `}to ${to}`,
    calls: ways.map((way, index) => `${index === 0 ? '' : 'where that is refused: '}${callOf(key, way)}`),
    values,
    ...(from ? { before: { status: from } } : {}),
    after: { status: to, ...(resolution === undefined ? {} : { resolution }) },
    inverse: from
      ? { activity: 'transitionJiraIssue', input: { connection, key, to: from } }
      : { none: 'its status is not known' },
    output: { changed: true, from, to },
  };
}

const callOf = (key: string, { id, name, resolution }: Way) =>
  `POST ${issuePath(key)}/transitions transition=${id} (${name})${resolution === undefined ? '' : ` resolution=${resolution}`}`;

/** Makes the first transition that Jira takes. */
async function moved(jira: Jira, key: string, { from, ways }: Values, signal: AbortSignal): Promise<Output> {
  let refusal: unknown;
  for (const { id, to, resolution } of ways) {
    try {
      await jira.api(signal).issues.doTransition({
        issueIdOrKey: key,
        transition: { id },
        ...(resolution === undefined ? {} : { fields: { resolution: { name: resolution } } }),
      });
      return { changed: true, from, to };
    } catch (error) {
      // The workflow demands what no screen tells. Nothing was moved, so that another way may be tried.
      if (!refusalOf(error)) throw error;
      refusal ??= error;
    }
  }
  throw refusal;
}
