import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it, vi } from 'vitest';
import { budgetOf } from '../../activities/budget.ts';
import { urgently } from '../../activities/urgent.ts';
import type { Bucket, LeaseRequests } from '../../domain/budget.ts';
import { ownBudgets } from '../../store/changes/budgets.ts';

const never = new AbortController().signal;
const outcomes = (asked: Promise<void>[]) => Promise.allSettled(asked);
const waitOf = (outcome: PromiseSettledResult<void>) =>
  outcome.status === 'rejected' && outcome.reason instanceof ApplicationFailure
    ? Number(outcome.reason.nextRetryDelay)
    : undefined;

/** Time that passes only while somebody waits. */
function withClock<Result>(work: (now: () => number) => Promise<Result>): Promise<Result> {
  vi.useFakeTimers({ loopLimit: 100_000 });
  const running = work(() => performance.now());
  return vi
    .runAllTimersAsync()
    .then(() => running)
    .finally(() => vi.useRealTimers());
}

const account: Bucket = { perSecond: 12, most: 20 };

describe('a budget', () => {
  it('lets through at once what the bucket holds', () =>
    withClock(async (now) => {
      const budget = budgetOf(ownBudgets(now).leaseRequests);
      const began = now();
      for (let made = 0; made < account.most; made += 1)
        await budget.spend('pagerduty', 'one', account, never);
      expect(now() - began).toBe(0);
    }));

  it('spreads what is more over time: no minute sees more than the limit', () =>
    withClock(async (now) => {
      const budgets = ownBudgets(now);
      const workers = [budgetOf(budgets.leaseRequests), budgetOf(budgets.leaseRequests)];
      const made: number[] = [];
      const ask = async (worker: number): Promise<void> => {
        try {
          await workers[worker % 2]?.spend('pagerduty', 'one', account, never);
          made.push(now());
        } catch (error) {
          const wait = Number((error as ApplicationFailure).nextRetryDelay);
          await new Promise((resolve) => setTimeout(resolve, wait));
          await ask(worker);
        }
      };
      await Promise.all(Array.from({ length: 2_000 }, (_, index) => ask(index)));
      expect(made).toHaveLength(2_000);
      const inAMinuteFrom = (start: number) => made.filter((at) => at >= start && at < start + 60_000).length;
      // What one worker leased and did not use within two seconds is lost, and nothing is made with it.
      expect(Math.max(...made.map(inAMinuteFrom))).toBeLessThanOrEqual(
        account.most + 60 * account.perSecond + 2 * account.perSecond,
      );
      expect((now() - (made[0] ?? 0)) / 1000).toBeLessThan((2_000 / account.perSecond) * 1.3);
    }));

  it('sends away whose turn is far off, each with a time of its own', () =>
    withClock(async (now) => {
      const channel: Bucket = { perSecond: 1, most: 1 };
      const budget = budgetOf(ownBudgets(now).leaseRequests);
      const all = await outcomes(
        Array.from({ length: 6 }, () => budget.spend('slack', 'channel', channel, never)),
      );
      // One at once, and one each second for as long as an attempt waits.
      expect(all.map(({ status }) => status)).toEqual([
        'fulfilled',
        'fulfilled',
        'fulfilled',
        'rejected',
        'rejected',
        'rejected',
      ]);
      expect(all.slice(3).map(waitOf)).toEqual([3000, 4000, 5000]);
      const [, , , away] = all;
      expect(away).toMatchObject({
        reason: {
          type: 'RateLimited',
          nonRetryable: false,
          details: [{ effect: 'none', provider: 'slack' }],
        },
      });
    }));

  it('asks for one lease where many wait', () =>
    withClock(async (now) => {
      const lease = vi.fn<LeaseRequests>(ownBudgets(now).leaseRequests);
      const budget = budgetOf(lease);
      await Promise.all(Array.from({ length: 12 }, () => budget.spend('pagerduty', 'one', account, never)));
      expect(lease).toHaveBeenCalledTimes(1);
    }));

  it('holds nobody up whose attempt is over', () =>
    withClock(async (now) => {
      const attempt = new AbortController();
      const channel: Bucket = { perSecond: 1, most: 1 };
      const budget = budgetOf(ownBudgets(now).leaseRequests);
      await budget.spend('slack', 'channel', channel, never);
      const late = budget.spend('slack', 'channel', channel, attempt.signal);
      const next = budget.spend('slack', 'channel', channel, never);
      attempt.abort(new Error('over'));
      await expect(late).rejects.toThrow('over');
      await next;
    }));
});

describe('what is asked for an urgent incident', () => {
  const channel: Bucket = { perSecond: 1, most: 1 };

  it('goes before all that wait in its process, and is not sent away', () =>
    withClock(async (now) => {
      const budget = budgetOf(ownBudgets(now).leaseRequests);
      const order: string[] = [];
      const ask = (name: string) =>
        budget.spend('slack', 'channel', channel, never).then(
          () => order.push(`${name} at ${Math.round(now() / 1000)}`),
          () => order.push(`${name} is sent away`),
        );
      const others = ['one', 'two', 'three'].map(ask);
      const urgent = ['first', 'second', 'third'].map((name) => urgently(() => ask(name)));
      await Promise.all([...others, ...urgent]);
      expect(order.filter((line) => line.includes(' at '))).toEqual([
        'first at 0',
        'second at 1',
        'third at 2',
      ]);
    }));

  it('goes before what other processes ask, however often those do', () =>
    withClock(async (now) => {
      const budgets = ownBudgets(now);
      const busy = budgetOf(budgets.leaseRequests);
      const mine = budgetOf(budgets.leaseRequests);
      let over = false;
      const storm = Array.from({ length: 50 }, async () => {
        while (!over)
          await busy
            .spend('slack', 'channel', channel, never)
            .catch(() => new Promise((resolve) => setTimeout(resolve, 50)));
      });
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      const began = now();
      for (let call = 0; call < 5; call += 1)
        await urgently(() => mine.spend('slack', 'channel', channel, never));
      // The bucket has one a second: each of them is theirs, or all but one.
      expect(now() - began).toBeLessThan(7_000);
      over = true;
      await Promise.all(storm);
    }));

  it('is told its own time where even that is too far off', () =>
    withClock(async (now) => {
      const slow: Bucket = { perSecond: 0.05, most: 1 };
      const budget = budgetOf(ownBudgets(now).leaseRequests);
      await budget.spend('slack', 'channel', slow, never);
      const [away] = await outcomes([urgently(() => budget.spend('slack', 'channel', slow, never))]);
      expect(away && waitOf(away)).toBe(20_000);
    }));

  it('takes no more than the bucket holds, also where others lease at the same moment', () =>
    withClock(async (now) => {
      const budgets = ownBudgets(now);
      const slowly: LeaseRequests = async (...asked) => {
        await new Promise((resolve) => setTimeout(resolve, 30));
        return budgets.leaseRequests(...asked);
      };
      const budget = budgetOf(slowly);
      const asked = Array.from({ length: 30 }, (_, index) =>
        index % 3 === 0
          ? urgently(() => budget.spend('pagerduty', 'one', { perSecond: 0.01, most: 20 }, never))
          : budget.spend('pagerduty', 'one', { perSecond: 0.01, most: 20 }, never),
      );
      const through = (await outcomes(asked)).filter(({ status }) => status === 'fulfilled');
      expect(through).toHaveLength(20);
    }));
});
