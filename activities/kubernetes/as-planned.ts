import { isDeepStrictEqual } from 'node:util';
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import type { Looked, Plan } from '../../domain/plan.ts';
import { conflict } from '../failures.ts';

/** What a plan keeps of its object, so that what was looked at is changed and nothing else. */
export interface Seen {
  /** Another object of the same name has another one. */
  uid: string | undefined;
  /** Sent along: the cluster answers 409 where the object has another one by now. */
  resourceVersion?: string | undefined;
}

/**
 * Makes what was planned. A 409 says that the object is another than the one that was looked at, so it is looked at again, once: what is so
 * by then is done, and a plan that changes the same on the same object is made. Any other plan is a `Conflict`, as nobody has seen it.
 */
export async function asPlanned<Output, Values extends Seen>(
  plan: Plan<Output, Values>,
  make: (plan: Plan<Output, Values>) => Promise<Output>,
  lookAgain: () => Promise<Looked<Output, Values>>,
): Promise<Output> {
  try {
    return await make(plan);
  } catch (error) {
    if (!isAnsweredConflict(error)) throw error;
    const looked = await lookAgain();
    if ('done' in looked) return looked.done;
    if (!isSame(plan, looked.plan))
      throw conflict(
        'Kubernetes',
        `what was looked at has changed since, so nothing was done: ${plan.summary}`,
      );
    return make(looked.plan);
  }
}

/** A conflict that we see ourselves (a paused deployment) carries no status: to look again would not help. */
function isAnsweredConflict(error: unknown): boolean {
  if (!(error instanceof ApplicationFailure) || error.type !== 'Conflict') return false;
  return z.tuple([z.object({ status: z.number() })]).safeParse(error.details).success;
}

/** The versions may differ: the status of an object changes all the time. */
function isSame(one: Plan<unknown, Seen>, other: Plan<unknown, Seen>): boolean {
  const told = ({ values, before, after }: Plan<unknown, Seen>): unknown =>
    JSON.parse(JSON.stringify([values.uid, before, after]));
  return isDeepStrictEqual(told(one), told(other));
}
