import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from './processes/cache-folder.ts';

// Nothing that this process or a child of it writes is for other users: logs, caches and stores hold what came in.
process.umask(0o077);

/** The one file that knows the lists: everything else is handed them. They load only for the commands that need them. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader (`| head`) has seen enough.
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
// Words that nobody can hear are no reason to end; the log counts its own.
process.stderr.on('error', () => undefined);
// A third of a start was compiling what was compiled before. In the user's own folder, since what lies there is run.
const cache = await cacheFolder(process.env).catch(() => undefined);
if (cache) {
  const compiled = join(cache, 'compiled');
  enableCompileCache(compiled);
  // Threads do not take it over by themselves: those of the store and of Temporal's SDK would compile all anew.
  process.env.NODE_COMPILE_CACHE ??= compiled;
}

// Not by an import above, which would be compiled before.
const { runCli } = await import('./cli/main.ts');
const code = await runCli({
  argv: process.argv.slice(2),
  env: process.env,
  streams: process,
  loadTriggers: async () => (await import('./triggers/index.ts')).triggers,
  loadPolicies: async () => (await import('./triggers/policies/index.ts')).policies,
  loadActivities: async () => (await import('./activities/index.ts')).activities,
  loadProviders: async () => (await import('./activities/providers.ts')).providers,
  loadWorkflows: async () => ({
    names: Object.keys(await import('./workflows/index.ts')),
    startable: (await import('./triggers/by-hand/index.ts')).startable,
  }),
  workflowsPath: fileURLToPath(new URL('./workflows/index.ts', import.meta.url)),
  startSimulators: async (options) => {
    const { startSimulators } = await import('./simulator/index.ts');
    const { stories } = await import('./simulator/stories.ts');
    return { ...(await startSimulators(options)), stories };
  },
});
// Libraries keep timers and threads that would hold the process; what was written goes out first.
process.stdout.write('', () => process.exit(code));
