import type { z } from 'zod';
import type { ChangeKind } from '../domain/kind.ts';
import { workflowKinds } from '../workflows/kinds.ts';
import { tagsOf } from './tags.ts';

/** A workflow that a person or a program can start, with its types forgotten. */
export interface Startable {
  workflow: string;
  tags?: readonly string[];
  summary: string;
  /** Of the worst that it may call. The start of a `destructive` one needs the right `runs.startDestructive`. */
  kind: ChangeKind;
  /** A strict object: what whoever starts it may say. */
  input: z.ZodObject;
  /** The incident that it is about, if any: what the run is filed under, and whose resolve stops it. */
  subject(input: unknown): string | undefined;
  /** What the run acts on or is about. */
  target(input: unknown): string;
  /** What the workflow is given. */
  workflowInput(input: unknown): unknown;
  whenResolved: 'stop' | 'continue';
}

interface Declaration<Input extends z.ZodObject, Given> {
  /** The workflow to run. */
  run: (input: Given) => Promise<unknown>;
  summary: string;
  /** Of the worst that it may call. Left out: as `workflows/kinds.ts` says; where that says nothing, `destructive`. */
  kind?: ChangeKind;
  input: Input;
  subject?: (input: z.output<Input>) => string;
  /** The subject when left out. */
  target?: (input: z.output<Input>) => string;
  whenResolved?: 'continue';
}

/** What the workflow is given. Where it takes just what was said, that can be left out. */
type WorkflowInput<Input extends z.ZodObject, Given> =
  z.output<Input> extends Given
    ? { workflowInput?: (input: z.output<Input>) => NoInfer<Given> }
    : { workflowInput: (input: z.output<Input>) => NoInfer<Given> };

/** Declares that a workflow can be started by hand: the compiler ties the schema to what the workflow takes. */
export function defineStartable<Input extends z.ZodObject, Given>({
  run,
  summary,
  kind = workflowKinds.get(run.name) ?? 'destructive',
  input,
  subject,
  target = subject,
  workflowInput,
  whenResolved,
}: Declaration<Input, Given> & WorkflowInput<Input, Given>): Startable {
  // What they are given has gone through the schema.
  return {
    workflow: run.name,
    ...tagsOf(run.name),
    summary,
    kind,
    input,
    subject: (given) => subject?.(given as z.output<Input>),
    target: (given) => target?.(given as z.output<Input>) ?? run.name,
    workflowInput: (given) => (workflowInput ? workflowInput(given as z.output<Input>) : given),
    whenResolved: whenResolved ?? 'stop',
  };
}
