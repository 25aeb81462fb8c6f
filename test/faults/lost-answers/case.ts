import type { Store } from '../../../store/store.ts';
import type { Providers } from '../../world.ts';

/** One way to lose an answer of an activity that changes something. */
export interface Case {
  /** Prepares the provider and what Baton keeps, and gives the input. `run` makes another call before. */
  input: (
    world: Providers & { store: Store },
    run: (name: string, input: object) => Promise<unknown>,
  ) => object | Promise<object>;
  /** The request after whose effect the connection is cut: part of its method, address or body. */
  cut: string;
  /** All that the provider has done in the end. */
  effects: string[];
  /** Where nothing tells whether it was done, a person has to look, and the run may end in this failure. */
  mayEndIn?: string;
}

/** Of each changing activity of one provider: a case for each of its requests that changes something. */
export type Cases = Record<string, Case[]>;

let made = 0;
/** A number that no other case has. */
export function next(): number {
  made += 1;
  return made;
}
