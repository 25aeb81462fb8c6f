import { steps } from '../../workflows/kit/activities.ts';

type Call = (input: unknown) => Promise<unknown>;

/** A run that makes one call. */
export async function oneStep(name: string, input: unknown): Promise<unknown> {
  return (steps as unknown as Record<string, Call>)[name]?.(input);
}
