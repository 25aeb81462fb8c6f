import type { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { crowded, limited, providerFailure } from '../../activities/failures.ts';
import { isUrgent } from '../../activities/urgent.ts';
import type { Call } from '../../worker/chain/call.ts';
import { backOnceUrgent, urgentFirst } from '../../worker/chain/urgent.ts';

/** What Temporal says of the run's priority, and how often it was asked. */
function attemptWhose(describe: () => Promise<unknown>) {
  let asked = 0;
  const client = {
    withAbortSignal: (_: AbortSignal, work: () => unknown) => work(),
    workflow: {
      getHandle: () => ({
        describe: () => {
          asked += 1;
          return describe();
        },
      }),
    },
  };
  const attempt = new MockActivityEnvironment(
    { workflowExecution: { workflowId: 'a run', runId: 'its first' } },
    { client: client as never },
  );
  return {
    asked: () => asked,
    fails: (failure: unknown, call: Partial<Call> = {}): Promise<ApplicationFailure> =>
      attempt.run(() =>
        backOnceUrgent(call as Call, () => Promise.reject(failure)).then(
          () => expect.fail('it did not fail'),
          (error) => error,
        ),
      ),
  };
}

const raised = async () => ({ priority: { priorityKey: 1 } });

describe('an attempt that was under way as its run became urgent', () => {
  it.each([
    ['its turn at the provider', limited('pagerduty', 'more requests wait than it takes', 60)],
    ['a place in the worker', crowded('pagerduty', 8)],
  ])('comes back at once where it was sent away to wait for %s', async (_, failure) => {
    const thrown = await attemptWhose(raised).fails(failure);
    expect(thrown).toMatchObject({ type: failure.type, message: failure.message, nonRetryable: false });
    expect(thrown.nextRetryDelay).toBe(1);
    expect(thrown.details).toEqual(failure.details);
  });

  it('waits for what the provider itself has asked', async () => {
    const failure = providerFailure('pagerduty', 429, 'Rate Limit Exceeded', 60);
    const { fails, asked } = attemptWhose(raised);
    expect(await fails(failure)).toBe(failure);
    expect(asked()).toBe(0);
  });

  it.each([
    ['is not urgent', async () => ({ priority: { priorityKey: 3 } })],
    ['has no priority, as in an older Temporal', async () => ({})],
    ['cannot be asked about', () => Promise.reject(new Error('unavailable'))],
  ])('waits for its turn where its run %s', async (_, describe) => {
    const failure = limited('pagerduty', 'more requests wait than it takes', 60);
    expect(await attemptWhose(describe).fails(failure)).toBe(failure);
  });

  it('asks nothing for an urgent call, or for a short try', async () => {
    const failure = limited('pagerduty', 'more requests wait than it takes', 60);
    const { fails, asked } = attemptWhose(raised);
    expect(await fails(failure, { urgent: true })).toBe(failure);
    expect(await fails(failure, { local: true })).toBe(failure);
    expect(asked()).toBe(0);
  });
});

describe('the call of an urgent run', () => {
  it('waits as such for whatever it waits', async () => {
    const seen = async () => ({ result: isUrgent() });
    expect(await urgentFirst({ urgent: true } as Call, seen)).toEqual({ result: true });
    expect(await urgentFirst({} as Call, seen)).toEqual({ result: false });
  });
});
