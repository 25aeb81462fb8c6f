import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startTied } from './tied-child.ts';

/** A Baton of one's own, with everything simulated and nothing in it yet. `link` signs in its admin, once. */
export async function startOwnBaton(): Promise<{ link: string; close(): Promise<void> }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'baton-shots-'));
  const baton = startTied([join(import.meta.dirname, '../baton.ts'), 'start'], {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    BATON_DATA_DIR: dataDir,
    BATON_SIMULATE: 'all',
  });
  const close = async () => {
    const ended = once(baton, 'exit');
    if (baton.exitCode === null && baton.kill('SIGTERM')) await ended;
    rmSync(dataDir, { recursive: true, force: true });
  };
  const { stdout } = baton;
  if (!stdout) throw new Error('It has no output');
  for await (const line of createInterface(stdout)) {
    const [link] = /https?:\/\/\S+\/sign-in\/link#\S+/.exec(line) ?? [];
    if (link === undefined) continue;
    stdout.resume();
    return { link, close };
  }
  await close();
  throw new Error('Baton ended before it gave a link to sign in by');
}
