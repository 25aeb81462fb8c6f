import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { childEnvironment } from '../worker/child-environment.ts';

const run = promisify(execFile);
const askMilliseconds = 5_000;

/**
 * The commit of the sources with which this process works: what an image was built from (`BATON_COMMIT`), else what git says of the
 * checkout that the workflows lie in, with `-dirty` where they have changes beside it. Undefined where neither tells.
 */
export async function commitOf(
  { commit, workflowsPath }: { commit: string | undefined; workflowsPath: string },
  env: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  if (commit !== undefined) return commit;
  const git = async (...args: string[]) => {
    // Without locks, it is in nobody's way who works in the checkout.
    const own = { ...childEnvironment(env), GIT_OPTIONAL_LOCKS: '0' };
    const options = { cwd: dirname(workflowsPath), env: own, timeout: askMilliseconds };
    return (await run('git', args, options)).stdout.trim();
  };
  try {
    // Sources that lie unpacked within a checkout of something else are not of its commit.
    await git('ls-files', '--error-unmatch', '--', workflowsPath);
    return await git('describe', '--always', '--abbrev=40', '--dirty', '--exclude=*');
  } catch {
    return undefined;
  }
}
