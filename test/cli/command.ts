import { providers } from '../../activities/providers.ts';
import { runCli } from '../../cli/main.ts';
import type { Streams } from '../../cli/output.ts';
import type { Wiring } from '../../processes/wiring.ts';

/** What a test says of a command; the rest is empty. */
type Given = Partial<Omit<Wiring, 'streams'>> & Pick<Streams, 'stdin'> & { isTTY?: boolean };

/** Runs `baton <argv>` in this process: how it ended, and what it wrote. */
export async function runBaton(argv: readonly string[], { isTTY = false, stdin, ...given }: Given) {
  const written = { stdout: '', stderr: '' };
  const exit = await runCli({
    argv,
    env: {},
    streams: {
      stdout: { write: (text) => (written.stdout += text), isTTY },
      stderr: { write: (text) => (written.stderr += text) },
      ...(stdin ? { stdin } : {}),
    },
    loadTriggers: async () => [],
    loadActivities: async () => [],
    loadProviders: async () => providers,
    loadPolicies: async () => ({ pages: [], journal: [] }),
    loadWorkflows: async () => ({ names: [], startable: [] }),
    workflowsPath: '',
    startSimulators: async () => ({ env: {}, stories: [], close: async () => {} }),
    ...given,
  });
  return { exit, ...written };
}
