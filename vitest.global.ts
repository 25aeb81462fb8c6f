import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { findTemporal, findTestServer } from './processes/temporal-binary.ts';
import { openStore } from './store/open.ts';
import { bundleWorkflows } from './worker/bundle.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Temporal's development server. */
    temporalPath: string;
    /** Temporal's time-skipping test server. */
    testServerPath: string;
    /** All workflows, in one file. */
    workflowBundlePath: string;
    /** All workflows, and those of the tests, in one file. */
    testBundlePath: string;
    /** Where the bundles of all tests are kept. */
    bundlesPath: string;
    /** The bundle of all workflows as a data folder has it, with the key by which a `baton start` takes it from there. */
    shippedPath: string;
    /** An embedded database with all its tables, and nothing in it. */
    storePath: string;
  }
}

/** Finds the servers, bundles the workflows and makes a database once, before the test files, which run side by side and would do it each. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'baton-test-'));
  // Each store has a thread of its own, which would compile anew what the others have compiled. What is timed compiles for itself.
  if (process.env.BATON_TEST_FAULTS !== '1') process.env.NODE_COMPILE_CACHE = join(folder, 'compiled');
  const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url));
  const bundles = join(folder, 'bundles');
  const [temporal, testServer, ours, withTests] = await Promise.all([
    findTemporal(),
    findTestServer(),
    bundleWorkflows(pathOf('./workflows/index.ts'), { cacheDir: bundles }),
    bundleWorkflows(pathOf('./test/fixtures/workflows.ts')),
  ]);
  const data = join(folder, 'data');
  await (await openStore({ dataDir: data })).close();
  const bundlePath = join(folder, 'workflows.js');
  await writeFile(bundlePath, ours.code);
  const testBundlePath = join(folder, 'workflows-and-tests.js');
  await writeFile(testBundlePath, withTests.code);
  project.provide('temporalPath', temporal.path);
  project.provide('testServerPath', testServer.path);
  project.provide('workflowBundlePath', bundlePath);
  project.provide('testBundlePath', testBundlePath);
  const shipped = join(folder, 'shipped');
  await cp(bundles, shipped, { recursive: true });
  project.provide('bundlesPath', bundles);
  project.provide('shippedPath', shipped);
  project.provide('storePath', join(data, 'store'));
  // The processes of the tests may yet keep what they have compiled while they end.
  return () => rm(folder, { recursive: true, maxRetries: 10 });
}
