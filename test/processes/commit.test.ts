import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commitOf } from '../../processes/commit.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-commit-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args], { cwd: folder });
const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
const ask = (commit?: string) => commitOf({ commit, workflowsPath: join(folder, 'index.ts') });

describe('the commit of the sources', () => {
  it('is that of the checkout in which they lie, and says so where they are changed', async () => {
    write('index.ts', 'export {};');
    git('init', '--quiet');
    git('add', 'index.ts');
    git('commit', '--quiet', '--message', 'First');
    const commit = git('rev-parse', 'HEAD').toString().trim();
    expect(await ask()).toBe(commit);
    write('index.ts', 'export const changed = true;');
    expect(await ask()).toBe(`${commit}-dirty`);
  });

  it('is what an image says that it was built from', async () => {
    expect(await ask('0123abc')).toBe('0123abc');
  });

  it('is not known outside of a checkout, nor where the sources lie unpacked within another one', async () => {
    write('index.ts', 'export {};');
    expect(await ask()).toBeUndefined();
    git('init', '--quiet');
    git('commit', '--quiet', '--allow-empty', '--message', 'Of something else');
    expect(await ask()).toBeUndefined();
  });
});
