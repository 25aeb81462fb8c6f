import { workflowTags } from '../workflows/tags.ts';
import { meant } from './policy.ts';

/** The tags of a workflow, for whoever starts runs of it. */
export function tagsOf(workflow: string): { tags?: readonly string[] } {
  const tags = workflowTags.get(workflow);
  return tags ? { tags } : {};
}

/** Why runs cannot be selected by these tags, and what to do; undefined where they can. */
export function faultOfTags(tags: readonly string[]): string | undefined {
  const known = [...new Set([...workflowTags.values()].flat())];
  if (tags.length === 0) return 'names no tag. Leave tags out, or name one.';
  const unknown = tags.find((tag) => !known.includes(tag));
  return unknown === undefined
    ? undefined
    : `names a tag that no workflow has, ${unknown}. ${meant(unknown, known)} Tags have their lines in workflows/tags.ts.`;
}
