import { describe, expect, it } from 'vitest';
import { providerFailure } from '../../activities/failures.ts';
import { retryAfterSeconds } from '../../activities/retry-after.ts';

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000);

describe('what an answer asks us to wait', () => {
  it.each([
    ['seconds', { 'retry-after': '7' }, 7, 7],
    ['a date', { 'retry-after': inSeconds(60).toUTCString() }, 55, 61],
    ['a date that is over', { 'retry-after': inSeconds(-60).toUTCString() }, 0, 0],
    ['Jira’s time of the next limit', { 'x-ratelimit-reset': inSeconds(60).toISOString() }, 55, 61],
    ['both', { 'retry-after': '7', 'x-ratelimit-reset': inSeconds(60).toISOString() }, 7, 7],
  ])('is read from %s', (_, headers, least, most) => {
    const wait = retryAfterSeconds(headers);
    expect(wait).toBeGreaterThanOrEqual(least);
    expect(wait).toBeLessThanOrEqual(most);
  });

  it.each([{}, { 'retry-after': '' }, { 'retry-after': 'soon' }, { 'retry-after': '-5' }])(
    'is nothing in %j',
    (headers) => expect(retryAfterSeconds(headers)).toBeUndefined(),
  );
});

describe('a wait', () => {
  it.each([429, 503])('is an hour at most, after a %i', (status) => {
    expect(providerFailure('Jira', status, 'no', 86_400)).toMatchObject({
      nextRetryDelay: 3_600_000,
      details: [{ waitMs: 3_600_000 }],
    });
  });
});
