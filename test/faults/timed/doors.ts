/** The `baton` command with runs that ask who may open a door, and soon ask others or page: `<arguments>`. */
import { fileURLToPath } from 'node:url';
import { runCli } from '../../../cli/main.ts';
import { runFailed } from '../../../triggers/run-failed.ts';
import { defineTrigger } from '../../../triggers/trigger.ts';
import { openTheDoor } from '../../workflows/fixture/asking.ts';

const asking = { approvers: { role: 'approver' }, expiresIn: '20 seconds', channelId: 'C0GENERAL' } as const;
const on = 'pagerduty.incident.triggered';
const levels = defineTrigger({
  name: 'levels',
  on,
  when: { 'is about levels': ({ title }) => title.startsWith('Levels') },
  run: openTheDoor,
  input: () => ({
    ...asking,
    onExpire: { ask: { role: 'admin' as const }, expiresIn: '1 hour' as const, then: 'page' as const },
  }),
  target: () => 'south',
});
const pages = defineTrigger({
  name: 'pages',
  on,
  when: { 'is about pages': ({ title }) => title.startsWith('Pages') },
  run: openTheDoor,
  input: () => ({ ...asking, onExpire: 'page' as const }),
  target: () => 'north',
});

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  env: process.env,
  streams: process,
  loadTriggers: async () => [levels, pages, runFailed],
  loadActivities: async () => (await import('../../../activities/index.ts')).activities,
  loadProviders: async () => (await import('../../../activities/providers.ts')).providers,
  loadPolicies: async () => (await import('../../../triggers/policies/index.ts')).policies,
  loadWorkflows: async () => ({ names: [], startable: [] }),
  workflowsPath: fileURLToPath(new URL('../../workflows/fixture/asking.ts', import.meta.url)),
  startSimulators: () => Promise.reject(new Error('Nothing is simulated here')),
});
process.exit();
