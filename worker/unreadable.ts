import { ApplicationFailure, activityInfo } from '@temporalio/activity';
import type { z } from 'zod';
import { unreadable, unreadableForGood, unreadableTries } from '../activities/failures.ts';

/** What the schemas say of an answer of another shape: the fields, and nothing of what stood in them. */
export const ofAnotherShape = (provider: string, { issues }: z.ZodError) =>
  unreadable(provider, `its answer has another shape than expected (${placesOf(issues)})`);

function placesOf(issues: readonly z.core.$ZodIssue[]): string {
  const places = [...new Set(issues.map(({ path }) => path.map(String).join('.') || 'the whole'))];
  return places.slice(0, 5).join(', ');
}

/** What passes by itself is tried for as long as the run allows; anything that is no class of ours is a fault, which hardly does. */
const passing = ['ProviderUnavailable', 'RateLimited', 'StoreUnavailable', 'Busy', 'Held'];
const faultTries = 20;

/** The unreadable answers of calls that are still being tried, by the keys of the calls. */
const tries = new Map<string, number>();
const mostCalls = 10_000;

/** The call has given something, or is not tried again. */
export const forgetTries = (key: string): void => void tries.delete(key);

/**
 * The failure, made final where this was the last of the tries that an unreadable answer has, or a fault of Baton's own. Unreadable
 * answers are counted by themselves: a long outage before them takes none of their tries. Each worker counts its own, so that several
 * of them make some tries more.
 */
export function asLastTry(failure: Error, key: string, attempt = activityInfo().attempt): Error {
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
  const made = (tries.get(key) ?? 0) + 1;
  forgetTries(key);
  if (made >= unreadableTries) return unreadableForGood(failure);
  tries.set(key, made);
  const [oldest] = tries.keys();
  if (tries.size > mostCalls && oldest !== undefined) forgetTries(oldest);
  return failure;
}
