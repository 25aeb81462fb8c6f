import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import type { FailureDetail } from '../../activities/failures.ts';
import type { Held } from '../../domain/guard.ts';

/** The guard that has refused a change, and why; undefined for any other failure. */
export function heldIn(error: unknown): Held | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  if (!(cause instanceof ApplicationFailure) || cause.type !== 'Held') return undefined;
  const [detail] = cause.details ?? [];
  const held = (detail as FailureDetail | undefined)?.held;
  return held && { ...held, reason: cause.message };
}

/**
 * Whether people may be asked to have it done all the same. Not what they have stopped themselves, nor what would be asked of each one of a group
 * or again and again; and nobody is asked to change a target beneath a run that still looks after it.
 */
export const isForPeople = ({ guard, isUnderWay }: Held): boolean =>
  isUnderWay === undefined && !['kill-switch', 'blast-radius', 'repeats'].includes(guard);
