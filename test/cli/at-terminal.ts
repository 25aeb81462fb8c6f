import { PassThrough } from 'node:stream';
import { providers } from '../../activities/providers.ts';
import { runCli } from '../../cli/main.ts';
import { eventually } from '../world.ts';

export const enter = '\r';
export const down = '\u001b[B';
export const tab = '\t';
export type Typed = readonly [prompt: string, keys: readonly string[]][];

/** Runs a command at a terminal, and types at its prompts as they come. */
export async function atTerminal(argv: readonly string[], answers: Typed, env: NodeJS.ProcessEnv) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => stdin });
  const stderr = Object.assign(new PassThrough(), { columns: 120, rows: 40, isTTY: true });
  let said = '';
  let printed = '';
  stderr.on('data', (chunk) => (said += String(chunk)));
  const running = runCli({
    argv: [...argv],
    env,
    streams: { stdin, stderr, stdout: { write: (text) => (printed += text) } },
    loadTriggers: async () => [],
    loadActivities: async () => [],
    loadProviders: async () => providers,
    loadPolicies: async () => ({ pages: [], journal: [] }),
    loadWorkflows: async () => ({ names: [], startable: [] }),
    workflowsPath: '',
    startSimulators: async () => ({ env: {}, stories: [], close: async () => {} }),
  });
  for (const [prompt, keys] of answers) {
    await eventually(`the prompt ${prompt}`, () => said.includes(prompt));
    for (const key of keys) {
      const before = said.length;
      stdin.write(key);
      // The last one of a prompt may be shown with what it leads to.
      await eventually('the key to be shown', () => said.length > before);
    }
  }
  return { exit: await running, said, printed };
}
