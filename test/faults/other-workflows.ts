/** The `baton` command with other workflows than the shipped ones: `<file of the workflows> <arguments>`. */
import { runCli } from '../../cli/main.ts';

const [workflowsPath = '', ...argv] = process.argv.slice(2);
process.exitCode = await runCli({
  argv,
  env: process.env,
  streams: process,
  loadTriggers: async () => (await import('../../triggers/index.ts')).triggers,
  loadActivities: async () => (await import('../../activities/index.ts')).activities,
  loadProviders: async () => (await import('../../activities/providers.ts')).providers,
  loadPolicies: async () => ({ pages: [], journal: [] }),
  loadWorkflows: async () => ({ names: [], startable: [] }),
  workflowsPath,
  startSimulators: () => Promise.reject(new Error('Nothing is simulated here')),
});
process.exit();
