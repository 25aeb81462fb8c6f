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
  /** The approval by which it was made: people saw the inverse in its plan. */
  approval?: string;
}

/** The same of a run that looks back at what it has done itself. Not certain: it may have been made, and nobody can tell. */
export type MadeHere = Pick<Made, 'key' | 'activity' | 'targets' | 'inverse'> & { certain: boolean };
