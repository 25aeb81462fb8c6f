import { describe, expect, it } from 'vitest';
import { kindOfKey } from '../../../activities/pagerduty/key-kind.ts';
import { subscribedEvents } from '../../../activities/pagerduty/set-up-steps.ts';
import { dataSchemas } from '../../../server/pagerduty/data.ts';

describe('a key of PagerDuty', () => {
  it.each([
    ['y_NbAkKc66ryYTWUXYEu', 'token of the REST API'],
    ['u+NXzpyCzz9pX7yHdx1A', 'token of the REST API'],
    ['pdus+_0XBPWQQ_1d5bd1a1-0000-0000-0000-000000000000', 'access token of OAuth'],
    ['0123456789abcdef0123456789abcdef', 'integration key of the Events API'],
    ['R0123456789ABCDEF0123456789ABCDE', 'key of an orchestration or a ruleset'],
    ['n4TbcXvLWOw1cCCsoM2NHGN+w+r2uqx/nOSlGjg9DEtvnlj0B5sxcJ7sh+Xg0n1T', 'secret of a webhook'],
    ['hunter2', undefined],
    ['', undefined],
  ])('is known by its form: %s', (key, kind) => {
    expect(kindOfKey(key)).toBe(kind);
  });
});

describe('what a subscription asks for', () => {
  it('is all read by the server', () => {
    expect(subscribedEvents.filter((type) => !dataSchemas.has(type))).toEqual([]);
  });
});
