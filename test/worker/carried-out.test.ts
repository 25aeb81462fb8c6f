import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CarriedOut, carriedOutBy } from '../../worker/carried-out.ts';

const worker = { build: '0123456789abcdef' };
let told: string[][];
let isAway: boolean;
let carriedOut: CarriedOut;

beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  isAway = false;
  carriedOut = carriedOutBy(worker, {
    async carryOutRuns(ids) {
      if (isAway) throw new Error('away');
      told.push([...ids]);
    },
  });
});
afterEach(() => {
  carriedOut.stop();
  vi.useRealTimers();
});
const aSecond = () => vi.advanceTimersByTimeAsync(1_000);

describe('the runs that a worker carries out', () => {
  it('are told together and once, however many calls they make', async () => {
    for (const id of ['a', 'b', 'a', 'a']) carriedOut.sees(id);
    expect(told).toEqual([]);
    await aSecond();
    carriedOut.sees('b');
    await aSecond();
    expect(told).toEqual([['a', 'b']]);
  });

  it('are not told of where they end before: the end tells it', async () => {
    carriedOut.sees('a');
    carriedOut.ends('a');
    await aSecond();
    expect(told).toEqual([]);
  });

  it('are told when the store is back', async () => {
    carriedOut.sees('a');
    carriedOut.sees('b');
    isAway = true;
    await aSecond();
    isAway = false;
    carriedOut.ends('b');
    await aSecond();
    expect(told).toEqual([['a']]);
  });
});
