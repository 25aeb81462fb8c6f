import { describe, expect, it } from 'vitest';
import { providerFailure, unreadable } from '../../activities/failures.ts';
import { asLastTry, forgetTries } from '../../worker/unreadable.ts';

const away = () => providerFailure('slack', 503, 'down');
const isFinal = (failure: Error) => 'nonRetryable' in failure && failure.nonRetryable === true;

describe('an answer that cannot be read', () => {
  it('is final at the third try of that kind, however many others there were', () => {
    for (let attempt = 1; attempt <= 400; attempt += 1)
      expect(isFinal(asLastTry(away(), 'outage', attempt))).toBe(false);
    const tries = [401, 402, 403].map((attempt) =>
      isFinal(asLastTry(unreadable('slack'), 'outage', attempt)),
    );
    expect(tries).toEqual([false, false, true]);
  });

  it('counts for its own call alone, and no more once that has given something', () => {
    for (const key of ['one', 'other', 'one', 'other'])
      expect(isFinal(asLastTry(unreadable('slack'), key, 9))).toBe(false);
    forgetTries('one');
    expect(isFinal(asLastTry(unreadable('slack'), 'one', 9))).toBe(false);
    expect(isFinal(asLastTry(unreadable('slack'), 'other', 9))).toBe(true);
  });
});
