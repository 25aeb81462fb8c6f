import { ApplicationFailure, activityInfo } from '@temporalio/activity';
import type { z } from 'zod';
import type { AnyActivity } from '../activities/activity.ts';
import { unreadable, unreadableForGood, unreadableTries } from '../activities/failures.ts';

/** What the schemas say of an answer of another shape: the fields, and nothing of what stood in them. */
export const ofAnotherShape = (provider: string, { issues }: z.ZodError) =>
  unreadable(provider, `its answer has another shape than expected (${placesOf(issues)})`);

function placesOf(issues: readonly z.core.$ZodIssue[]): string {
  const places = [...new Set(issues.map(({ path }) => path.map(String).join('.') || 'the whole'))];
  return places.slice(0, 5).join(', ');
}

/** What passes by itself is tried for as long as the run allows; anything that is no class of ours is a fault, which hardly does. */
const passing = ['ProviderUnavailable', 'RateLimited', 'StoreUnavailable', 'Busy'];
const faultTries = 20;

/** The failure, made final where this was the last of the tries that an unreadable answer has, or a fault of Baton's own. */
export function asLastTry(
  failure: Error,
  { name, kind }: Pick<AnyActivity, 'name' | 'kind'>,
  attempt = activityInfo().attempt,
): Error {
  if (!(failure instanceof ApplicationFailure) || failure.nonRetryable) return failure;
  const { type, message, details } = failure;
  if (type !== 'AnswerUnreadable') {
    if (passing.includes(type ?? '') || attempt < faultTries) return failure;
    return ApplicationFailure.create({
      type: type ?? 'Error',
      message,
      details: details ?? [],
      nonRetryable: true,
    });
  }
  // A short read that is no local activity was one before: its first try is not among these attempts.
  const before = kind === 'read' && !activityInfo().isLocal && !name.startsWith('await') ? 1 : 0;
  return attempt + before >= unreadableTries ? unreadableForGood(failure) : failure;
}
