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
  /** Run id, activity and the how-manieth call of it in the run: the same over all attempts and resets. The key of the effect. */
  key: string;
  /** 1 for the first at this effect; one that was refused before it began, or had to wait for another change, does not count. */
  number: number;
  /** ISO time of an earlier attempt that may have acted: look at the world before acting (design §7). */
  uncertainSince?: string;
  /** Of an activity that is `once`: the result of the last effect on the same target by it, of any run. */
  made?: unknown;
  /**
   * Ends when the attempt's time is over. Of a read also when the run is cancelled: a change that has begun is made to its end, as
   * what has left for the provider cannot be called back.
   */
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
 * - `targets`: all that a change acts on. Two changes to one target never run at the same time.
 * - `coolDown`: how long a destructive change is refused after another one on one of its targets; 15 minutes where it says nothing.
 *   A run's own earlier changes by other activities do not count (stop, then start). `repeats`: nor do those by this one (scale down,
 *   then up).
 * - `causes`: the event types by which the provider will tell us of our own change (an echo, design §3.8), one for each event.
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
  /** Its target is something that there is once, as an incident's room: a later call gets what an earlier one made (`made`). */
  once?: true;
  coolDown?: { minutes?: number; repeats?: boolean };
  causes?: readonly string[] | ((input: z.output<Input>) => string[]);
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
