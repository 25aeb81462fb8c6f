import { nearestOf } from '../domain/nearest.ts';
import { connectionNamePattern } from '../domain/subject.ts';
import { workflowKinds } from '../workflows/kinds.ts';

/** A workflow of which a policy is, or `all`: those that have no policy of their own, and what such a policy leaves out. */
export type Of = ((input: never) => Promise<unknown>) | 'all';

/** The name under which a policy is kept; throws where it is of no workflow, or names no connection. */
export function placeOf(
  kind: 'page' | 'journal',
  of: Of,
  connection: string | undefined,
): { workflow: string; fails(why: string): never } {
  const workflow = typeof of === 'function' ? of.name : of;
  const fails = (why: string): never => {
    throw new Error(`The ${kind} policy of ${workflow || 'a workflow without a name'} ${why}`);
  };
  if (workflow !== 'all' && !workflowKinds.has(workflow))
    fails(
      `is of no workflow that is known here. Give it the function itself, or 'all'; a new workflow has a line in workflows/kinds.ts.`,
    );
  if (connection !== undefined && !connectionNamePattern.test(connection))
    fails(
      `names no connection, "${connection}": a name has up to 40 small letters, digits and hyphens. See baton connections list.`,
    );
  return { workflow, fails };
}

/** What somebody may have meant by a name that is none. */
export const meant = (name: string, names: readonly string[]): string => {
  const near = nearestOf(name, names);
  return near === undefined ? `There are ${names.join(', ')}.` : `Did you mean ${near}?`;
};

/** The policies as they are listed; throws where a workflow has two. */
export function eachOnce<Policy extends { workflow: string }>(
  kind: 'page' | 'journal',
  policies: readonly Policy[],
): readonly Policy[] {
  const names = policies.map(({ workflow }) => workflow);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new Error(
      `There are two ${kind} policies of ${twice}, and which of them is meant cannot be told. Make one of them, or list it once.`,
    );
  return policies;
}
