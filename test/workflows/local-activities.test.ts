import { beforeEach, expect, it } from 'vitest';
import { inParallelRuns, said } from './in-parallel-runs.ts';

const runAndReplay = inParallelRuns();
beforeEach(() => void said.splice(0));
const beBusyFor = (milliseconds: number) => {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
};

it('goes on in the order in which it did, where one branch looks into the store twice while another one does once', async () => {
  // Replayed, what the second look and that of the other branch bring is handed over together.
  const branches = [
    [{ local: 10 }, { local: 10 }, { hops: 8 }, { remote: true } as const],
    [{ local: 100 }, { patch: true } as const, { sleep: 50 }],
  ];
  await expect(runAndReplay(branches)).resolves.toEqual([]);
});

it('goes on in the order in which it did, where a signal comes during a long look', async () => {
  const branches = [
    [{ local: 1_500 }, { remote: true } as const, { sleep: 10 }],
    [{ untilTold: 1 }, { hops: 20 }, { remote: true } as const],
  ];
  await expect(runAndReplay(branches, [300])).resolves.toEqual([]);
});

it('goes on at once where a look is called off that has ended while its task was renewed', async () => {
  const isOver = runAndReplay([[{ calledOff: 850 }, { local: 10 }, { remote: true }]], [400]);
  // Temporal's SDK renews the task after 800 ms. It gets the end of the look and the signal together then: nothing is taken up before.
  setTimeout(() => beBusyFor(300), 650);
  expect(await isOver).toEqual([]);
});

it('does not say that a word was cut short whose last line was being written', async () => {
  expect(await runAndReplay([[{ cutShort: 50 }]])).toEqual([]);
  expect(said).toEqual([]);
});

it('takes no failure of a look for its own that was called off before', async () => {
  expect(await runAndReplay([[{ calledOffThenFails: 1_000 }]], [100])).toEqual([]);
});

it('tells of no step that it comes to when it is to end', async () => {
  expect(await runAndReplay([[{ calledOff: 1_000 }, { afterItsEnd: true }]], [100])).toEqual([]);
  expect(said).toEqual([]);
});
