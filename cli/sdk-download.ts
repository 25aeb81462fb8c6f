/** Makes the SDK download a server into its cache: `node cli/sdk-download.ts dev-server|time-skipping`. */
import { TestWorkflowEnvironment } from '@temporalio/testing';

const server = { executable: { type: 'cached-download' as const } };
const environment =
  process.argv[2] === 'time-skipping'
    ? await TestWorkflowEnvironment.createTimeSkipping({ server })
    : await TestWorkflowEnvironment.createLocal({ server });
await environment.teardown();
