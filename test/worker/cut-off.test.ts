import { CancelledFailure, Context } from '@temporalio/activity';
import { ActivityCancellationDetails } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { asFailure } from '../../worker/chain/failure.ts';

/** What the record says of an attempt that was cut off so. */
function told(
  reason: Parameters<MockActivityEnvironment['cancel']>[0],
  why: ConstructorParameters<typeof ActivityCancellationDetails>[0],
): Promise<Error> {
  const attempt = new MockActivityEnvironment();
  return attempt.run(async () => {
    attempt.cancel(reason, new ActivityCancellationDetails(why));
    const thrown = await Context.current().cancelled.catch((error: unknown) => error);
    return asFailure(thrown, 'pagerduty', (text) => text);
  });
}

describe('an attempt that Temporal cuts off', () => {
  it.each([
    ['TIMED_OUT', { timedOut: true }, /took longer than it may.*made again/],
    ['NOT_FOUND', { notFound: true }, /given the attempt up.*made again/],
    ['WORKER_SHUTDOWN', { workerShutdown: true }, /worker stops.*by another one/],
    ['CANCELLED', { cancelRequested: true }, /called off: the run is to end/],
    ['PAUSED', { paused: true }, /PAUSED/],
  ] as const)('for %s is told of in words', async (reason, why, words) => {
    const failure = await told(reason, why);
    expect(failure).toBeInstanceOf(CancelledFailure);
    expect(failure.message).toMatch(words);
  });
});
