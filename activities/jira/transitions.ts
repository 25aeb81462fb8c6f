import { z } from 'zod';
import { decorative, listOf, membersOf } from '../lenient.ts';
import type { Jira } from './client.ts';
import { wireStatus } from './issues.ts';
import { wireId } from './wire.ts';

export const transitionSchema = z.object({
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
export type Transition = z.output<typeof transitionSchema>;

const wireTransition = z.object({
  id: wireId,
  name: z.string().catch(''),
  to: wireStatus,
  fields: z.unknown(),
});
const wireTransitions = z.object({ transitions: membersOf(wireTransition) });

/** The transitions that an issue can take now, without those of a shape that we do not know. */
export async function transitionsOf(jira: Jira, key: string, signal: AbortSignal): Promise<Transition[]> {
  const answer = await jira
    .api(signal)
    .issues.getTransitions({ issueIdOrKey: key, expand: 'transitions.fields' });
  return wireTransitions.parse(answer).transitions.map(({ id, name, to, fields }) => ({
    id,
    name,
    to: to.name,
    category: to.statusCategory?.key ?? '',
    ...screenOf(fields),
  }));
}

const object = z.record(z.string(), z.unknown());
const isNothing = (value: unknown) => (Array.isArray(value) ? value.length === 0 : (value ?? null) === null);
const saysYes = (value: unknown) => value === true || value === 'true';
const saysNo = (value: unknown) => [undefined, null, false, 'false'].some((no) => no === value);

/** What a screen demands. What cannot be read is taken for a demand, so that such a transition is passed over. */
function screenOf(fields: unknown): Pick<Transition, 'required' | 'resolutions'> {
  if (isNothing(fields)) return { required: [] };
  const read = object.safeParse(fields).data;
  if (!read) return { required: ['fields that cannot be read'] };
  const required = Object.keys(read).filter((name) => isDemanded(read[name]));
  return { required, ...('resolution' in read ? { resolutions: resolutionsIn(read.resolution) } : {}) };
}

function isDemanded(field: unknown): boolean {
  const read = object.safeParse(field).data;
  return !read || (!saysNo(read.required) && !saysYes(read.hasDefaultValue));
}

const wireResolution = decorative(z.object({ allowedValues: listOf(z.object({ name: z.string() })) }));
const resolutionsIn = (field: unknown) =>
  (wireResolution.parse(field)?.allowedValues ?? []).map(({ name }) => name);
