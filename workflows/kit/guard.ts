import type { Duration } from '@temporalio/common';
import { msToNumber } from '@temporalio/common/lib/time.js';
import type { Held, Limits } from '../../domain/guard.ts';
import { giveLimits } from './call-headers.ts';
import { engine } from './run.ts';

/** The limits of a runbook, where they are other than the defaults. */
export interface GuardLimits {
  /** So long a target is left alone after a change: 15 minutes. An activity that declares another one keeps to that. */
  coolDown?: Duration;
  /** So often it is changed in one incident (2), and within 24 hours (6). */
  perIncident?: number;
  perDay?: number;
  /** After so many changes within so many days it is changed no more, until a person lifts that: 10 in 7 days. */
  stopsAfter?: { times: number; days: number };
  /** All that the target is one of, itself too, and how many of them may be changed within the cool-down: a number, or a part, of which it is at least one. */
  blastRadius?: { group: readonly string[]; max: number | `${number}%` };
}

/** Whether a target may be changed now; or which guard holds it, why, and when it may be tried again. */
export type Guarding = { allowed: true } | { allowed: false; held: Held };

/**
 * Looks whether the guards would let a destructive change of a target pass, so that a runbook can say so before it begins. From now on its
 * changes of this target keep to these limits. The guards are asked again with the change, and what they say then counts: a refusal there is
 * the final failure `Held`. `target` is what the activity acts on, such as `ec2:i-0abc12345def67890` (`npx baton activities show`).
 */
export async function guard(target: string, limits: GuardLimits = {}): Promise<Guarding> {
  const given = limitsOf(limits);
  giveLimits(target, given);
  const held = await engine.checkGuards({ target, limits: given });
  return held ? { allowed: false, held } : { allowed: true };
}

function limitsOf({ coolDown, blastRadius, ...limits }: GuardLimits): Partial<Limits> {
  return {
    ...limits,
    ...(coolDown === undefined
      ? {}
      : { coolDown: { seconds: Math.ceil(msToNumber(coolDown) / 1000), repeats: false } }),
    ...(blastRadius ? { group: { targets: [...blastRadius.group], most: mostOf(blastRadius) } } : {}),
  };
}

function mostOf({ group, max }: NonNullable<GuardLimits['blastRadius']>): number {
  if (typeof max === 'number') return max;
  return Math.max(1, Math.floor((group.length * Number.parseFloat(max)) / 100));
}
