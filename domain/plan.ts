/**
 * What a change would do, found out without doing it. Data only: it is shown, recorded, hashed and approved, and only what it says is
 * done.
 */
export interface Plan<Output = unknown, Values = unknown> {
  /** One sentence for people, with the target: `Reboots i-0abc12345def67890`. */
  summary: string;
  /** Each call to the provider in its own words: `PUT /incidents/PABC123 status=acknowledged`. No secrets. */
  calls: readonly string[];
  /** The same as data: what the change needs beside its input. JSON. */
  values: Values;
  /** What it changes, as it is and as it will be. JSON; left out where nothing was there, or it cannot be told. */
  before?: unknown;
  after?: unknown;
  inverse: Inverse;
  /** With what a run in plan mode goes on, as if the change had been made. An id that is not there yet is one that later calls take. */
  output: Output;
}

/**
 * What the provider itself says to a plan that is not made, as it was asked whether it would do it. It is of that moment, so it is no part of
 * the plan, nor of its digest. `unknown`: it could not be asked, which says nothing of the change.
 */
export interface DryRun {
  outcome: 'accepted' | 'refused' | 'unknown';
  /** For people: `EC2 would do it`, `Kubernetes would refuse it: …`. No secrets. */
  said: string;
  /** What it would be then, as far as the provider tells it. JSON. */
  after?: unknown;
}

/** The call that takes a change back; or, in words, why there is none. */
export type Inverse = { activity: string; input: Record<string, unknown> } | { none: string };

/** What a look at the world finds: it is so already, or what is to be done. */
export type Looked<Output = unknown, Values = unknown> = { done: Output } | { plan: Plan<Output, Values> };
