import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import type { ConsoleFiles } from '../server/console.ts';

const inConsole = (path: string) => fileURLToPath(new URL(`../console/${path}`, import.meta.url));

/** The console as it was built. */
export const builtConsole: ConsoleFiles = { folder: inConsole('dist'), isBuilding: () => false };

/**
 * The console, built where it is missing or its sources have changed. That goes on beside the start in a process of its own, which gives its
 * memory back. A build that fails keeps nobody from work: the page then says how to build it.
 */
export function freshConsole(log: Logger): ConsoleFiles {
  const { PATH, HOME, TMPDIR } = process.env;
  const env = { ...(PATH && { PATH }), ...(HOME && { HOME }), ...(TMPDIR && { TMPDIR }) };
  const builder = spawn(process.execPath, [inConsole('build.ts')], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let isBuilding = true;
  let said = '';
  builder.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-2_000);
  });
  const end = (why?: string) => {
    isBuilding = false;
    if (why !== undefined)
      log.warn({ why }, 'The console could not be built. Build it with: npm run console');
  };
  builder.once('error', (error) => end(error.message));
  builder.once('close', (code) => end(code === 0 ? undefined : said));
  // It ends by itself, and no start or stop waits for it.
  builder.unref();
  return { folder: builtConsole.folder, isBuilding: () => isBuilding };
}
