import { workflowTags } from '../workflows/tags.ts';

/** The tags of a workflow, for whoever starts runs of it. */
export function tagsOf(workflow: string): { tags?: readonly string[] } {
  const tags = workflowTags.get(workflow);
  return tags ? { tags } : {};
}
