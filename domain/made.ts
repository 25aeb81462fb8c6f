import type { Inverse } from './plan.ts';

/** A change that Baton has made, as the record tells it. */
export interface Made {
  /** Of its effect. */
  key: string;
  run: string;
  activity: string;
  targets: readonly string[];
  /** The subject of its run, which is its incident where it has one. */
  subject: string;
  at: string;
  inverse: Inverse;
}
