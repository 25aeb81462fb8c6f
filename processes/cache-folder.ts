import { access, constants, mkdir, stat } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { CliFailure } from './failure.ts';

/** A folder of the user's own, made where it is missing; in the temporary folder where the home cannot be written. */
export async function cacheFolder(env: NodeJS.ProcessEnv): Promise<string> {
  const home = env.HOME ?? homedir();
  const usual = process.platform === 'darwin' ? join(home, 'Library', 'Caches') : join(home, '.cache');
  const own = join(env.XDG_CACHE_HOME ?? usual, 'baton');
  const spare = join(env.TMPDIR ?? tmpdir(), `baton-${process.getuid?.() ?? 'cache'}`);
  for (const folder of [own, spare]) {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await access(folder, constants.W_OK);
      if ((await stat(folder)).uid === process.getuid?.()) return folder;
    } catch {
      // The next one, then.
    }
  }
  throw new CliFailure('No folder to keep downloaded and compiled programs in', {
    why: `Neither ${own} nor ${spare} can be written.`,
    next: 'Set XDG_CACHE_HOME to a folder of your own.',
  });
}
