import type { z } from 'zod';
import type { ActivityContext, Actor } from '../activity.ts';

/** The name of what a plan makes, as it is not there yet. */
export const planned = 'planned';

/** Asks Baton for an operation in somebody's name, else in that of the run: what it answers, read by the schema, or why it does nothing. */
export async function ask<Output extends z.ZodType>(
  { baton, attempt }: Pick<ActivityContext, 'baton' | 'attempt'>,
  { operation, input, by }: { operation: string; input: Record<string, unknown>; by: Actor | undefined },
  output: Output,
): Promise<{ answer: z.output<Output> } | { refusal: string }> {
  const performed = await baton.perform(operation, input, by, attempt.key);
  return 'refusal' in performed ? performed : { answer: output.parse(performed.output) };
}
