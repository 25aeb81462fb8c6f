/** Writes the bundle of the workflows that the file named on the command line exports to stdout: for encrypted payloads with `--encrypted`. */
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import { encodedFailures } from './data-converter.ts';

const kit = (file: string) => fileURLToPath(new URL(`../workflows/kit/${file}`, import.meta.url));
/** The bundler tells of each step; its errors are thrown as well. */
const silent = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };

const [, , workflowsPath = '', option] = process.argv;
const isEncrypted = option === '--encrypted';

const { code } = await bundleWorkflowCode({
  workflowsPath,
  // What every run has. What the first one puts into headers the last one takes out.
  workflowInterceptorModules: [
    kit('run.ts'),
    kit('propose.ts'),
    kit('in-turn.ts'),
    kit('to-its-end.ts'),
    ...(isEncrypted ? [kit('no-headers.ts')] : []),
  ],
  ...(isEncrypted ? { failureConverterPath: encodedFailures } : {}),
  preloadModules: [kit('sandbox.ts')],
  logger: silent,
});
process.stdout.write(code);
