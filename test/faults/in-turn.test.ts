import fc from 'fast-check';
import { expect, it } from 'vitest';
import { often, seedOf } from '../nightly.ts';
import type { Step } from '../workflows/fixture/in-parallel.ts';
import { inParallelRuns } from '../workflows/in-parallel-runs.ts';

const runAndReplay = inParallelRuns();

const upTo = (max: number, min = 0) => fc.integer({ min, max });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ local: upTo(60) }) },
  { weight: 1, arbitrary: fc.record({ local: upTo(1_300, 900) }) },
  { weight: 1, arbitrary: fc.record({ calledOff: upTo(1_300) }) },
  { weight: 2, arbitrary: fc.constant({ remote: true } as const) },
  fc.record({ sleep: upTo(50, 1) }),
  fc.record({ hops: upTo(12) }),
  fc.constant({ patch: true } as const),
  fc.record({ untilTold: upTo(3, 1) }),
  fc.constant({ untilOthersMove: true } as const),
);
const program = fc.record({
  branches: fc.array(fc.array(step, { minLength: 2, maxLength: 7 }), { minLength: 2, maxLength: 4 }),
  pauses: fc.array(upTo(300), { minLength: 3, maxLength: 3 }),
});

const count = often(60, 2_000);

it(
  `goes on in the order in which it did, whatever its branches do: ${count} programs`,
  async () => {
    const programs = fc.sample(program, { numRuns: count, seed: seedOf(20_261_127) });
    const failed: unknown[] = [];
    const work = async () => {
      for (let next = programs.pop(); next; next = programs.pop()) {
        const { branches, pauses } = next;
        await runAndReplay(branches, pauses).then(
          (tasks) => tasks.length > 0 && failed.push({ branches, tasks }),
          ({ message }: Error) => failed.push({ branches, message }),
        );
      }
    };
    await Promise.all(Array.from({ length: 6 }, work));
    expect(failed).toEqual([]);
  },
  often(120_000, 3_600_000),
);
