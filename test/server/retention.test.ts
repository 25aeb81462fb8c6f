import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StoreUnavailable } from '../../domain/store-unavailable.ts';
import { createLog } from '../../log/log.ts';
import { startRetention } from '../../server/rounds/retention.ts';
import type { Pruned } from '../../store/retention.ts';

/** The pauses go by the same time as the rest. */
vi.mock('node:timers/promises', () => ({
  setTimeout: (milliseconds: number, value: unknown, { signal }: { signal: AbortSignal }) =>
    new Promise((resolve) => {
      setTimeout(resolve, milliseconds, value);
      signal.addEventListener('abort', resolve);
    }),
}));

const hour = 3_600_000;
const nothing: Pruned = {
  events: 0,
  incidents: 0,
  effects: 0,
  runs: 0,
  transcripts: 0,
  texts: 0,
  deliveries: 0,
  lines: 0,
  more: false,
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Retention over a store that answers with these steps, one after the other, and then with nothing more. */
function retention(steps: (Pruned | Error)[]) {
  const lines: { msg: string; level: number }[] = [];
  let asked = 0;
  const running = startRetention({
    store: {
      async prune() {
        asked += 1;
        const step = steps.shift() ?? nothing;
        if (step instanceof Error) throw step;
        return step;
      },
    },
    days: 30,
    log: createLog((text) => text, { destination: { write: (line) => lines.push(JSON.parse(line)) } }),
  });
  return { running, lines, asked: () => asked };
}

describe('retention', () => {
  it('begins shortly after the start, goes on until nothing is left, and tells the sum once', async () => {
    const { running, lines, asked } = retention([
      { ...nothing, events: 500, more: true },
      { ...nothing, more: true },
      { ...nothing, events: 20, lines: 7 },
    ]);
    await vi.advanceTimersByTimeAsync(14_000);
    expect(asked()).toBe(0);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(asked()).toBe(4);
    expect(lines).toMatchObject([
      {
        msg: 'Pruned',
        days: 30,
        events: 520,
        incidents: 0,
        effects: 0,
        runs: 0,
        transcripts: 0,
        texts: 0,
        lines: 7,
      },
    ]);
    await running.stop();
  });

  it('looks again every hour, also after a failure, which it tells by what it is', async () => {
    const { running, lines, asked } = retention([
      new StoreUnavailable('The store is not available: away'),
      new Error('The record is not pruned, since it is not whole'),
    ]);
    await vi.advanceTimersByTimeAsync(hour + 1_000);
    expect(asked()).toBe(2);
    expect(lines.map(({ level }) => level)).toEqual([40, 50]);
    await vi.advanceTimersByTimeAsync(hour);
    expect(asked()).toBe(3);
    await running.stop();
  });

  it('stops in the middle, after the step that is under way', async () => {
    const { running, asked } = retention(Array.from({ length: 100 }, () => ({ ...nothing, events: 1 })));
    await vi.advanceTimersByTimeAsync(15_250);
    const before = asked();
    expect(before).toBeLessThan(10);
    await running.stop();
    await vi.advanceTimersByTimeAsync(3 * hour);
    expect(asked()).toBe(before);
  });
});
