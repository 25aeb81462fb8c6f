import type { z } from 'zod';

/** A workflow that a person or a program can start, with its types forgotten. */
export interface Startable {
  workflow: string;
  summary: string;
  /** A strict object: what whoever starts it may say. */
  input: z.ZodObject;
  /** The incident that it is about, if any: what the run is filed under, and whose resolve stops it. */
  subject(input: unknown): string | undefined;
  /** What the run acts on or is about. */
  target(input: unknown): string;
  whenResolved: 'stop' | 'continue';
}

interface Declaration<Input extends z.ZodObject> {
  /** The workflow to run. */
  run: (input: z.output<Input>) => Promise<unknown>;
  summary: string;
  input: Input;
  subject?: (input: z.output<Input>) => string;
  /** The subject when left out. */
  target?: (input: z.output<Input>) => string;
  whenResolved?: 'continue';
}

/** Declares that a workflow can be started by hand: the compiler ties the schema to what the workflow takes. */
export function defineStartable<Input extends z.ZodObject>({
  run,
  summary,
  input,
  subject,
  target = subject,
  whenResolved,
}: Declaration<Input>): Startable {
  // What they are given has gone through the schema.
  return {
    workflow: run.name,
    summary,
    input,
    subject: (given) => subject?.(given as z.output<Input>),
    target: (given) => target?.(given as z.output<Input>) ?? run.name,
    whenResolved: whenResolved ?? 'stop',
  };
}
