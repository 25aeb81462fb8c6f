import { defineConfig } from 'vitest/config';

/** The slow fault and load tests have a run of their own: `npm run test:faults`. */
const slow = ['test/faults/**/*.test.ts'];
const isSlowRun = process.env.BATON_TEST_FAULTS === '1';

export default defineConfig({
  test: {
    include: isSlowRun ? slow : ['test/**/*.test.ts'],
    exclude: isSlowRun ? [] : slow,
    globalSetup: ['./vitest.global.ts'],
    pool: 'forks',
    // Two cores: more files at once only make each other slow. What is killed, halted and timed is alone.
    maxWorkers: isSlowRun ? 1 : 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
