import { expect, it } from 'vitest';
import { inParallelRuns } from './in-parallel-runs.ts';

const runAndReplay = inParallelRuns();

it('goes on in the order in which it did, where one branch looks into the store twice while another one does once', async () => {
  // Replayed, what the second look and that of the other branch bring is handed over together.
  const branches = [
    [{ local: 10 }, { local: 10 }, { hops: 8 }, { remote: true } as const],
    [{ local: 100 }, { patch: true } as const, { sleep: 50 }],
  ];
  await expect(runAndReplay(branches)).resolves.toBeUndefined();
});

it('goes on in the order in which it did, where a signal comes during a long look', async () => {
  const branches = [
    [{ local: 1_500 }, { remote: true } as const, { sleep: 10 }],
    [{ untilTold: 1 }, { hops: 20 }, { remote: true } as const],
  ];
  await expect(runAndReplay(branches, [300])).resolves.toBeUndefined();
});
