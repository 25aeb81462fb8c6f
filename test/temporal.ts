import { readFileSync } from 'node:fs';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { inject } from 'vitest';
import { devServerFileSettings, devServerSettings } from '../processes/temporal-server.ts';
import { bundleWorkflows } from '../worker/bundle.ts';

/**
 * A real Temporal development server for one test file, with the settings that Baton starts its own with. Up in 0.2 s; end it
 * with `teardown()`. `dbFilename` keeps its state over restarts.
 */
export function startTestTemporal({
  dbFilename,
  settings = [],
}: {
  dbFilename?: string;
  /** More values of its dynamic configuration, as `name=value`. */
  settings?: readonly string[];
} = {}): Promise<TestWorkflowEnvironment> {
  const fileSettings = dbFilename === undefined ? [] : devServerFileSettings;
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: inject('temporalPath') },
      ...(dbFilename === undefined ? {} : { dbFilename }),
      extraArgs: [
        ...devServerSettings,
        ...fileSettings,
        ...settings.flatMap((value) => ['--dynamic-config-value', value]),
      ],
    },
  });
}

/**
 * The test server, which skips the time that nothing but a timer fills. Its time is one for all its runs, so each test file has
 * its own server.
 */
export function startTimeSkipping(): Promise<TestWorkflowEnvironment> {
  return TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: inject('testServerPath') } },
  });
}

/** The workflows of `workflows/index.ts`, bundled once for the whole test run. */
export const workflowBundle = () => ({ code: readFileSync(inject('workflowBundlePath'), 'utf8') });

/** Those and the workflows of the tests, of `fixtures/workflows.ts`, bundled once too. */
export const testBundle = () => ({ code: readFileSync(inject('testBundlePath'), 'utf8') });

/** The workflows that the file at `path` exports, bundled once for all test files that need them. */
export const bundleOf = (path: string, options: { encrypted?: boolean } = {}) =>
  bundleWorkflows(path, { ...options, cacheDir: inject('bundlesPath') });
