import { afterEach, describe, expect, it, vi } from 'vitest';
import { StoreUnavailable } from '../../domain/store-unavailable.ts';
import { groupCommit } from '../../store/group-commit.ts';

const oneByte = () => 1;

describe('a group commit', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('writes what waits at the same moment together, in order, at most 200 at once', async () => {
    const sizes: number[] = [];
    const write = groupCommit(async (items: number[]) => {
      sizes.push(items.length);
      return items.map((item) => item * 2);
    }, oneByte);
    const numbers = Array.from({ length: 450 }, (_, index) => index);
    expect(await Promise.all(numbers.map(write))).toEqual(numbers.map((number) => number * 2));
    expect(sizes).toEqual([200, 200, 50]);
  });

  it('lets a bad item fail alone', async () => {
    const write = groupCommit(async (items: string[]) => {
      if (items.includes('bad')) throw new Error('a bad row');
      return items;
    }, oneByte);
    const results = await Promise.allSettled(['a', 'bad', 'b'].map(write));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('tries no item again when the store is away', async () => {
    const commit = vi.fn(async () => {
      throw new StoreUnavailable('away');
    });
    const write = groupCommit<number, number>(commit, oneByte);
    await Promise.allSettled([1, 2, 3].map(write));
    expect(commit).toHaveBeenCalledTimes(1);
  });

  it('stops to try items one by one when the store goes away meanwhile', async () => {
    const commit = vi.fn(async (items: number[]) => {
      if (items.length > 1) throw new Error('a bad row');
      throw new StoreUnavailable('away');
    });
    const write = groupCommit<number, number>(commit, oneByte);
    const results = await Promise.allSettled([1, 2, 3].map(write));
    expect(commit).toHaveBeenCalledTimes(2);
    expect(new Set(results.map((result) => result.status === 'rejected' && result.reason)).size).toBe(1);
  });

  it('refuses more writers than it can hold', async () => {
    const write = groupCommit(async (items: number[]) => items, oneByte);
    const results = await Promise.allSettled(Array.from({ length: 5001 }, (_, index) => write(index)));
    const refused = results.filter(({ status }) => status === 'rejected');
    expect(refused).toEqual([{ status: 'rejected', reason: expect.any(StoreUnavailable) }]);
  });

  it('refuses more bytes than it can hold', async () => {
    const write = groupCommit(
      async (items: number[]) => items,
      () => 40 * 1024 * 1024,
    );
    const [first, second] = await Promise.allSettled([write(1), write(2)]);
    expect([first.status, second.status]).toEqual(['fulfilled', 'rejected']);
  });

  it('answers within 2 s, and does not write later what it refused', async () => {
    vi.useFakeTimers();
    const written: string[] = [];
    const first = Promise.withResolvers<void>();
    const write = groupCommit(
      async (items: string[]) => {
        written.push(...items);
        await first.promise;
        return items;
      },
      oneByte,
      1900,
    );
    const results = Promise.allSettled([write('slow')]);
    await vi.advanceTimersByTimeAsync(1);
    const waiting = Promise.allSettled([write('waiting')]);
    await vi.advanceTimersByTimeAsync(1999);
    expect([...(await results), ...(await waiting)].map(({ status }) => status)).toEqual([
      'rejected',
      'rejected',
    ]);
    first.resolve();
    const later = write('later');
    await vi.advanceTimersByTimeAsync(1);
    expect(await later).toBe('later');
    expect(written).toEqual(['slow', 'later']);
  });
});
