import { existsSync, statfsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The slow fault and load tests have a run of their own: `npm run test:faults`. */
const slow = ['test/faults/**/*.test.ts'];
/** Of these, what is timed, or loads the machine, is alone. */
const timed = ['test/faults/timed/**/*.test.ts'];

/**
 * Nearly every test has a database of its own, of a thousand files: a folder in memory takes a tenth of the processor time that one on a
 * disk takes. What is timed stays on the disk.
 */
const memory = '/dev/shm';
const roomIn = ({ bavail, bsize }: { bavail: number; bsize: number }) => bavail * bsize;
const isRoomy = existsSync(memory) && roomIn(statfsSync(memory)) > 4e9;
const inMemory = isRoomy ? { env: { TMPDIR: memory } } : {};

const limits = { pool: 'forks', testTimeout: 30_000, hookTimeout: 60_000 } as const;
// Two cores, of which two files at a time leave a fifth to nobody: they wait for servers and browsers.
const sideBySide = { ...limits, ...inMemory, maxWorkers: 3 };
const alone = { ...limits, maxWorkers: 1 };

/** A module in another's place, or a browser: a process of its own. All others share two, and what these have loaded. */
const apart = ['test/console/browser/**/*.test.ts', 'test/server/retention.test.ts'];
/** A whole Baton each. They come after the others: what two of them load and leave behind is much. */
const stories = ['test/stories/**/*.test.ts'];
/** Load for minutes and hours: `npm run test:nightly`, which has the fault tests with larger numbers too. */
const nightly = ['test/nightly/**/*.test.ts'];
const quickRun = {
  projects: [
    {
      test: {
        name: 'parts',
        include: ['test/**/*.test.ts'],
        exclude: [...slow, ...nightly, ...apart, ...stories],
        isolate: false,
        ...sideBySide,
      },
    },
    { test: { name: 'stories', include: stories, isolate: false, ...sideBySide } },
    { test: { name: 'apart', include: apart, ...sideBySide } },
  ],
};
/** These take minutes. Each begins before the others: at the end it would be alone for as long. */
const longest = ['rolling-deploy', 'first-trigger', 'api-fuzz', 'versions'].map(
  (name) => `/test/faults/${name}.test.ts`,
);
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => longest.some((end) => moduleId.endsWith(end));
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
const slowRun = {
  sequence: { sequencer: LongestFirst },
  projects: [
    { test: { name: 'faults', include: slow, exclude: timed, sequence: { groupOrder: 0 }, ...sideBySide } },
    { test: { name: 'timed', include: timed, sequence: { groupOrder: 1 }, ...alone } },
    ...(process.env.BATON_TEST_NIGHTLY === '1'
      ? [{ test: { name: 'nightly', include: nightly, sequence: { groupOrder: 2 }, ...alone } }]
      : []),
  ],
};

export default defineConfig({
  test: {
    globalSetup: ['./vitest.global.ts'],
    ...(process.env.BATON_TEST_FAULTS === '1' ? slowRun : quickRun),
  },
});
