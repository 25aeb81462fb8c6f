import { z } from 'zod';
import type { Clients } from './clients.ts';

/** `read` is repeated freely; `change` is harmless or reversible; `destructive` is neither. */
export type Kind = 'read' | 'change' | 'destructive';

/** On whose behalf something is done. A person's e-mail is what providers are told (PagerDuty's `From`). */
export const actorSchema = z.object({
  kind: z.enum(['person', 'token', 'trigger', 'baton']),
  name: z.string(),
  email: z.string().exactOptional(),
});
export type Actor = z.infer<typeof actorSchema>;

/** The input fields that every activity takes, and every change besides. */
export const connectionName = z.string().min(1).default('default');
/** Put there by the worker, out of the run's signed cause. What a caller says there is not heard. */
export const actor = actorSchema.optional();

/** One attempt at an activity, as its `run` sees it. */
export interface Attempt {
  /** Workflow id + activity id: the same over all attempts, so it is the key of the effect. */
  key: string;
  /** 1 for the first. */
  number: number;
  /** ISO time of an earlier attempt that may have acted: look at the world before acting (design §7). */
  uncertainSince?: string;
  /** Ends when the attempt's time is over or the run is cancelled. */
  signal: AbortSignal;
  /** Set where something is simulated. Whatever people are to read begins with it. */
  mark?: string | undefined;
}

/** What an activity's `run` is given beside its input: clients by connection name, and the attempt. */
export type ActivityContext = Clients & { attempt: Attempt };

/**
 * A declaration that the catalogue, the record, the worker and the checks read too.
 *
 * - `name`: verb, provider, object. Reads begin with read, list, find, check, search, query or await, and only reads do.
 * - `permissions`: the rights at the provider that the calls need, in the provider's own words.
 * - `targets`: what a change acts on. Two changes to one target never run at the same time.
 * - `causes`: the event types by which the provider will tell us of our own change (an echo, design §3.8).
 */
export interface Activity<
  Name extends string = string,
  Input extends z.ZodType = z.ZodType,
  Output extends z.ZodType = z.ZodType,
> {
  name: Name;
  kind: Kind;
  provider: string;
  summary: string;
  permissions: readonly string[];
  input: Input;
  output: Output;
  targets?(input: z.output<Input>): string[];
  causes?: readonly string[];
  run(input: z.output<Input>, context: ActivityContext): Promise<z.input<Output>>;
}

/** Any activity, with its types forgotten: what lists of activities hold. */
// biome-ignore lint/suspicious/noExplicitAny: method parameters are contravariant, so no narrower type takes them all.
export type AnyActivity = Activity<string, any, any>;

export function defineActivity<const Name extends string, Input extends z.ZodType, Output extends z.ZodType>(
  declaration: Activity<Name, Input, Output>,
): Activity<Name, Input, Output> {
  return declaration;
}
