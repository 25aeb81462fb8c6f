/** Writes the bundle of the workflows that the file named on the command line exports to stdout. */
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';

const kit = (file: string) => fileURLToPath(new URL(`../workflows/kit/${file}`, import.meta.url));
/** The bundler tells of each step; its errors are thrown as well. */
const silent = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };

const { code } = await bundleWorkflowCode({
  workflowsPath: process.argv[2] ?? '',
  // What every run has.
  workflowInterceptorModules: [kit('run.ts')],
  preloadModules: [kit('sandbox.ts')],
  logger: silent,
});
process.stdout.write(code);
