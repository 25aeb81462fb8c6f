import type { ApplicationFailure } from '@temporalio/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Call } from '../../worker/chain/call.ts';
import { localTriesAtOnce, sharedByProvider } from '../../worker/chain/share.ts';

const callOf = (provider: string, name = 'createThing', local?: true, urgent?: true) =>
  ({
    declaration: { provider, name },
    ...(local ? { local } : {}),
    ...(urgent ? { urgent } : {}),
  }) as unknown as Call;

/** Calls through one worker's link, each of which ends when it is told to. */
function worker() {
  const share = sharedByProvider();
  const ends: (() => void)[] = [];
  const begun: string[] = [];
  return {
    begun,
    ends,
    call: (provider: string, name?: string, local?: true, urgent?: true) =>
      share(callOf(provider, name, local, urgent), async ({ declaration }) => {
        begun.push(declaration.provider);
        await new Promise<void>((resolve) => ends.push(resolve));
        return { result: declaration.provider };
      }),
  };
}

describe('the share of a provider in a worker', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is not all of it: what finds no room is sent away, with a turn of its own, and nothing was done', async () => {
    const { call, begun } = worker();
    const outcomes = Array.from({ length: 100 }, () => call('jira').catch((error: unknown) => error));
    await vi.advanceTimersByTimeAsync(300);
    expect(begun).toHaveLength(40);
    const away = (await Promise.all(outcomes.slice(40))) as ApplicationFailure[];
    for (const failure of away)
      expect(failure).toMatchObject({ type: 'Busy', nonRetryable: false, details: [{ effect: 'none' }] });
    const turns = away.map(({ nextRetryDelay }) => Number(nextRetryDelay));
    expect(new Set(turns).size).toBe(60);
    expect(Math.max(...turns)).toBeLessThanOrEqual(10_000);
  });

  it('has urgent calls that find no room come back soon, one after the other, and not after all who were sent away before them', async () => {
    const { call, begun } = worker();
    const away = Array.from({ length: 100 }, () => call('jira', 'readThing', true));
    for (const each of away) each.catch(() => undefined);
    const urgent = Array.from({ length: 6 }, () => call('jira', 'readThing', true, true));
    for (const each of urgent) each.catch(() => undefined);
    await vi.advanceTimersByTimeAsync(300);
    expect(begun).toHaveLength(20);
    await expect(away[99]).rejects.toMatchObject({
      details: [{ waitMs: expect.toSatisfy((ms: number) => ms > 8_000) }],
    });
    const turns = await Promise.all(
      urgent.slice(4).map((each) => each.catch(({ details }: ApplicationFailure) => details?.[0])),
    );
    // The later one has waited in front.
    expect(turns).toEqual(
      expect.arrayContaining([350, 450].map((waitMs) => expect.objectContaining({ waitMs }))),
    );
  });

  it('leaves the other providers theirs, and waits of hours are no hindrance to short calls', async () => {
    const { call, begun } = worker();
    for (let count = 0; count < 60; count += 1) void call('jira').catch(() => undefined);
    for (let count = 0; count < 60; count += 1)
      void call('kubernetes', 'awaitKubernetesRollout').catch(() => undefined);
    await vi.advanceTimersByTimeAsync(300);
    void call('pagerduty');
    void call('kubernetes');
    expect(begun.slice(-2)).toEqual(['pagerduty', 'kubernetes']);
  });

  it('of the short tries in the worker leaves places for others, and takes none of the calls', async () => {
    const { call, begun } = worker();
    for (let count = 0; count < 30; count += 1) void call('jira', 'readThing', true).catch(() => undefined);
    await vi.advanceTimersByTimeAsync(300);
    expect(begun).toHaveLength(16);
    expect(begun.length).toBeLessThan(localTriesAtOnce);
    void call('pagerduty', 'readThing', true);
    for (let count = 0; count < 40; count += 1) void call('jira');
    await vi.advanceTimersByTimeAsync(0);
    expect(begun).toHaveLength(57);
  });

  it('is handed on in order as soon as a call ends', async () => {
    const { call, begun, ends } = worker();
    const all = Array.from({ length: 45 }, () => call('jira'));
    await vi.advanceTimersByTimeAsync(100);
    expect(begun).toHaveLength(40);
    for (const end of ends.slice(0, 5)) end();
    await vi.advanceTimersByTimeAsync(0);
    expect(begun).toHaveLength(45);
    for (const end of ends) end();
    expect(await Promise.all(all)).toHaveLength(45);
    void call('jira');
    await vi.advanceTimersByTimeAsync(0);
    expect(begun).toHaveLength(46);
  });
});
