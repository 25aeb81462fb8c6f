import { execFile, fork } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Event } from '../domain/event.ts';
import type { Judgement } from '../domain/verdict.ts';
import { childEnvironment } from '../worker/child-environment.ts';
import { CliFailure, exits } from './failure.ts';

const run = promisify(execFile);
const unpackMilliseconds = 60_000;
const judgeMilliseconds = 120_000;
const endings = ['SIGINT', 'SIGTERM'] as const;

/**
 * What the triggers of another commit of this checkout say to these events. Its sources are unpacked into a folder of their own, which is
 * removed again; they run in a process of their own, without any secret, on the libraries that are installed here.
 */
export async function judgeAt(
  ref: string,
  events: readonly Event[],
  workflowsPath: string,
): Promise<Judgement> {
  const root = dirname(dirname(workflowsPath));
  const git = (...args: string[]) =>
    run('git', args, { cwd: root, env: childEnvironment(process.env), timeout: unpackMilliseconds });
  const commit = await git('rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`).then(
    ({ stdout }) => stdout.trim(),
    () => {
      throw new CliFailure(`git knows no commit "${ref}"`, {
        why: `It was asked in ${root}.`,
        next: 'Name a branch, a tag or a commit of this checkout; git fetch gets those of others.',
        exit: exits.notFound,
      });
    },
  );
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'baton-backtest-')));
  const interrupted = () => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(exits.interrupted);
  };
  for (const signal of endings) process.once(signal, interrupted);
  try {
    const archive = join(folder, 'sources.tar');
    await git('archive', '--format=tar', `--output=${archive}`, commit);
    await run('tar', ['-xf', archive, '-C', folder], { timeout: unpackMilliseconds });
    await symlink(await realpath(join(root, 'node_modules')), join(folder, 'node_modules'));
    return await judgeIn(folder, events);
  } catch (error) {
    throw new CliFailure(`The triggers of ${ref} cannot be asked`, { why: (error as Error).message });
  } finally {
    for (const signal of endings) process.off(signal, interrupted);
    await rm(folder, { recursive: true, force: true });
  }
}

function judgeIn(folder: string, events: readonly Event[]): Promise<Judgement> {
  const program = fileURLToPath(new URL('./judge.ts', import.meta.url));
  const child = fork(program, [folder], {
    env: childEnvironment(process.env),
    execArgv: [],
    serialization: 'advanced',
    // What its code says is no result.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    timeout: judgeMilliseconds,
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`Its process ended with ${signal ?? code}`)));
    child.once('message', (answer: { judgement: Judgement } | { fault: string }) => {
      if ('judgement' in answer) resolve(answer.judgement);
      else reject(new Error(answer.fault));
    });
    child.send(events);
  });
}
