import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import type { EarlierChange, FailureDetail } from '../../activities/failures.ts';

/** The change that holds the target of an activity, where a cool-down has refused it; undefined for anything else. */
export function holderOf(error: unknown): EarlierChange | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  if (!(cause instanceof ApplicationFailure) || cause.type !== 'CoolDown') return undefined;
  const [detail] = cause.details ?? [];
  return (detail as FailureDetail | undefined)?.earlier;
}

/** What holds it, for whoever is asked whether it is to be done all the same. */
export const heldBy = ({ runId, activity, at, certain }: EarlierChange): string =>
  `${runId} ${certain ? 'changed' : 'may have changed'} it at ${at} (${activity})`;
