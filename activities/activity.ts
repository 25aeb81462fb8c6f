import { z } from 'zod';
import type { KeptText, TextToKeep } from '../domain/kept-text.ts';
import type { ChangeKind } from '../domain/kind.ts';
import type { DryRun, Looked, Plan } from '../domain/plan.ts';
import type { changeEvents } from '../domain/route.ts';
import type { Baton } from './baton.ts';
import { type Clients, forUse } from './clients.ts';
import type { Use } from './provider.ts';

/** On whose behalf something is done. A person's e-mail is what providers are told (PagerDuty's `From`). */
export const actorSchema = z.object({
  kind: z.enum(['person', 'token', 'trigger', 'baton']),
  name: z.string(),
  email: z.string().exactOptional(),
  /** A person's other names (`Principal.alsoKnownAs`). */
  alsoKnownAs: z.array(z.string()).exactOptional(),
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
  /** People have approved just this call, or the change that it takes back, or will be asked to: what needs an owner's word (a tag) beforehand is allowed by theirs. */
  approved?: true;
  /**
   * Keeps the whole of a text of which the result has only a part, and gives what to put into the result beside it: `{ kept }`, or nothing
   * where it could not be kept, which fails no read. Secrets in it are masked.
   */
  keepText(text: TextToKeep): Promise<{ kept?: KeptText }>;
  /** In plan mode, where nothing that is waited for was begun: an `await…` read looks once and does not wait. */
  looksOnce?: true;
}

/** What an activity is given beside its input: clients by connection name, Baton itself, and the attempt. */
export type ActivityContext = Clients & { attempt: Attempt; baton: Baton };

/**
 * What all activities declare, for the catalogue, the record, the worker and the checks.
 *
 * - `name`: verb, provider, object. Reads begin with read, list, find, check, search, query, export or await, and only reads do.
 * - `permissions`: the rights at the provider that the calls need, in the provider's own words.
 */
interface Declaration<Name extends string, Input extends z.ZodType, Output extends z.ZodType> {
  name: Name;
  provider: string;
  summary: string;
  permissions: readonly string[];
  /** For these calls a connection of their own can be routed. */
  purpose?: typeof changeEvents;
  input: Input;
  output: Output;
  /** An input as people would write it; printed by docs and `baton activities show`. */
  example: z.input<Input>;
}

/** Looks at the world and leaves it as it is. */
export interface Read<
  Name extends string = string,
  Input extends z.ZodType = z.ZodType,
  Output extends z.ZodType = z.ZodType,
> extends Declaration<Name, Input, Output> {
  kind: 'read';
  run(input: z.output<Input>, context: ActivityContext): Promise<z.input<Output>>;
}

/**
 * Changes the world, in two steps: `look` changes nothing, and tells whether the world is so already or what is to be done; `act` does
 * what the plan says. Plan mode looks and does not act; an attempt after an unknown outcome looks again.
 *
 * - `dryRun`: asks the provider whether it would do what the plan says, where it can be asked without a change. Called where a plan is shown
 *   and not made; what it throws is told, and fails nothing.
 * - `targets`: all that it acts on. Two changes to one target never run at the same time.
 * - `coolDown`: how long a destructive one is refused after another one on one of its targets; 15 minutes where it says nothing.
 *   A run's own earlier changes by other activities do not count (stop, then start). `repeats`: nor do those by this one (scale down,
 *   then up).
 * - `inverse`: the activity that takes it back, or why there is none. Its plan has the call, or says why it cannot be taken back this time.
 * - `onlyTells`: it calls or informs people, and neither acts on what they run nor quiets anything that calls them. Only a kill switch that names its
 *   provider holds it. Left out, any does.
 * - `unverified`: of one that says that all is well again, as a resolve does: why nothing was verified, where its input says so. A run makes it
 *   only with such a reason, after a verification that passed, or where a person asks for it.
 * - `causes`: the event types by which the provider will tell us of our own change (an echo, design §3.8), one for each event.
 */
export interface Change<
  Name extends string = string,
  Input extends z.ZodType = z.ZodType,
  Output extends z.ZodType = z.ZodType,
  Values = unknown,
> extends Declaration<Name, Input, Output>,
    Acting<Input> {
  look(input: z.output<Input>, context: ActivityContext): Promise<Looked<z.input<Output>, Values>>;
  dryRun?(
    plan: Plan<z.input<Output>, Values>,
    input: z.output<Input>,
    context: ActivityContext,
  ): Promise<DryRun>;
  act(
    plan: Plan<z.input<Output>, Values>,
    input: z.output<Input>,
    context: ActivityContext,
  ): Promise<z.input<Output>>;
}

interface Acting<Input extends z.ZodType> {
  kind: ChangeKind;
  onlyTells?: true;
  targets?(input: z.output<Input>): string[];
  /** Its target is something that there is once, as an incident's room: a later call gets what an earlier one made (`made`). */
  once?: true;
  /** It is the ticket of an incident: its result has a `url`. */
  ticket?: true;
  coolDown?: { minutes?: number; repeats?: boolean };
  inverse?: { activity: string } | { none: string };
  unverified?(input: z.output<Input>): string | undefined;
  causes?: readonly string[] | ((input: z.output<Input>) => string[]);
}

export type Activity<
  Name extends string = string,
  Input extends z.ZodType = z.ZodType,
  Output extends z.ZodType = z.ZodType,
> =
  | Read<Name, Input, Output>
  // biome-ignore lint/suspicious/noExplicitAny: what a look hands to its act is their own matter.
  | Change<Name, Input, Output, any>;

/** Any activity, with its types forgotten: what lists of activities hold. */
// biome-ignore-start lint/suspicious/noExplicitAny: method parameters are contravariant, so no narrower type takes them all.
export type AnyRead = Read<string, any, any>;
export type AnyChange = Change<string, any, any, any>;
export type AnyActivity = AnyRead | AnyChange;
// biome-ignore-end lint/suspicious/noExplicitAny: as above

/** The verbs of reads. */
const readVerbs = ['read', 'list', 'find', 'check', 'search', 'query', 'export', 'await'];

export function defineActivity<const Name extends string, Input extends z.ZodType, Output extends z.ZodType>(
  declaration: Read<Name, Input, Output>,
): Read<Name, Input, Output>;
export function defineActivity<
  const Name extends string,
  Input extends z.ZodType,
  Output extends z.ZodType,
  Values,
>(declaration: Change<Name, Input, Output, Values>): Change<Name, Input, Output, Values>;
/** Throws where the verb of the name tells another kind: workflows know of an activity only its name, and call reads in another way. */
export function defineActivity(declaration: AnyActivity): AnyActivity {
  const { name, kind } = declaration;
  const verb = readVerbs.find((each) => new RegExp(`^${each}[A-Z]`).test(name));
  if (verb !== undefined && kind !== 'read')
    throw new Error(
      `${name} is declared as a ${kind}, and its name begins as that of a read ("${verb}"). Name it by what it changes`,
    );
  if (verb === undefined && kind === 'read')
    throw new Error(
      `${name} is declared as a read, so its name must begin with one of ${readVerbs.join(', ')}, and the provider after it`,
    );
  return declaration;
}

/**
 * One attempt: a read reads; a change looks, and acts where the world is not so already. What acts has clients for the calls of the plan
 * that was looked at, and for no others.
 */
export async function carryOut<Input extends z.ZodType, Output extends z.ZodType>(
  activity: Activity<string, Input, Output>,
  input: z.output<Input>,
  context: ActivityContext,
  use: Use,
): Promise<z.input<Output>> {
  if (activity.kind === 'read') return activity.run(input, forUse(context, use));
  const looked = await activity.look(input, forUse(context, use));
  if ('done' in looked) return looked.done;
  const { calls } = looked.plan;
  return activity.act(looked.plan, input, forUse(context, { ...use, calls }));
}
