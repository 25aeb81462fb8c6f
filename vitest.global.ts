import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { findTemporal, findTestServer } from './processes/temporal-binary.ts';
import { bundleWorkflows } from './worker/bundle.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Temporal's development server. */
    temporalPath: string;
    /** Temporal's time-skipping test server. */
    testServerPath: string;
    /** All workflows, in one file. */
    workflowBundlePath: string;
  }
}

/** Finds the servers and bundles the workflows once, before the test files, which run side by side and would do it each. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'baton-test-'));
  const workflowsPath = fileURLToPath(new URL('./workflows/index.ts', import.meta.url));
  const [temporal, testServer, { code }] = await Promise.all([
    findTemporal(),
    findTestServer(),
    bundleWorkflows(workflowsPath),
  ]);
  const bundlePath = join(folder, 'workflows.js');
  await writeFile(bundlePath, code);
  project.provide('temporalPath', temporal.path);
  project.provide('testServerPath', testServer.path);
  project.provide('workflowBundlePath', bundlePath);
  return () => rm(folder, { recursive: true });
}
