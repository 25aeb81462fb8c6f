import { RetryState } from '@temporalio/common';
import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/workflow';
import { describe, expect, it } from 'vitest';
import { failureOf, inParts, orUnavailable } from '../../workflows/kit/parts.ts';

const failed = (cause: Error) =>
  new ActivityFailure(
    'Activity failed',
    'createJiraIssue',
    '1',
    RetryState.NON_RETRYABLE_FAILURE,
    undefined,
    cause,
  );
const refused = failed(ApplicationFailure.nonRetryable('Jira refused (403): no', 'ProviderRefused'));
const late = failed(new TimeoutFailure('Activity task timed out', undefined, 'START_TO_CLOSE'));
const cancelled = failed(new CancelledFailure('Activity cancelled'));
const bug = new TypeError('x is undefined');

describe('work in parts', () => {
  it('lists the part that failed for good, and goes on with the others', async () => {
    const { part, problems } = inParts();
    expect(await part('Jira issue', () => Promise.reject(refused))).toBeUndefined();
    expect(await part('War room', async () => 'C0ROOM')).toBe('C0ROOM');
    expect(problems).toEqual(['Jira issue: Jira refused (403): no']);
  });

  it('takes a problem that is no failure', () => {
    const { problem, problems } = inParts();
    problem('Invitation of Ada Lopez: cant_invite');
    expect(problems).toEqual(['Invitation of Ada Lopez: cant_invite']);
  });

  it.each([
    ['a cancellation', cancelled],
    ['a fault in the workflow', bug],
  ])('lets %s pass, which stops all of it', async (_, error) => {
    const { part, problems } = inParts();
    await expect(part('Jira issue', () => Promise.reject(error))).rejects.toBe(error);
    expect(problems).toEqual([]);
  });
});

describe('a read that may not be had', () => {
  it('is its result, or the reason why there is none', async () => {
    expect(await orUnavailable(async () => ({ notes: [] }))).toEqual({ notes: [] });
    expect(await orUnavailable(() => Promise.reject(refused))).toEqual({
      unavailable: 'Jira refused (403): no',
    });
  });

  it('lets a cancellation pass', async () => {
    await expect(orUnavailable(() => Promise.reject(cancelled))).rejects.toBe(cancelled);
  });
});

describe('the final failure of an activity', () => {
  it('has the class that the activity gave it', () => {
    expect(failureOf(refused)).toEqual({ class: 'ProviderRefused', message: 'Jira refused (403): no' });
  });

  it('is TimedOut where there was no answer', () => {
    expect(failureOf(late)?.class).toBe('TimedOut');
  });

  it('is none for a cancellation and for a fault in the workflow', () => {
    expect([cancelled, bug].map(failureOf)).toEqual([undefined, undefined]);
  });
});
