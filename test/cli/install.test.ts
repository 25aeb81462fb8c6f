import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const installer = join(import.meta.dirname, '../../cli/install.mjs');

/** Does what npm would: notes that it was called, and puts the two files there that the installer looks at. */
const workingNpm = `#!/bin/sh
echo "$@" >> calls
mkdir -p node_modules/.bin
cp "$NODE_FOR_TEST" node_modules/.bin/node
`;
const failingNpm = `#!/bin/sh
echo "$@" >> calls
echo "npm error code ENOTFOUND"
echo "npm error network request failed"
exit 1
`;

describe('the installer', () => {
  let home: string;
  let root: string;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'baton-install-'));
    root = join(home, 'a path with spaces');
    mkdirSync(join(root, 'cli'), { recursive: true });
    mkdirSync(join(home, 'bin'));
    cpSync(installer, join(root, 'cli/install.mjs'));
    lock('1.0.0');
    npm(workingNpm);
  });
  afterEach(() => rmSync(home, { recursive: true }));

  const lock = (version: string) =>
    writeFileSync(
      join(root, 'package-lock.json'),
      JSON.stringify({ packages: { '': {}, 'node_modules/one': { version } } }),
    );
  const npm = (script: string) => {
    writeFileSync(join(home, 'bin/npm'), script);
    chmodSync(join(home, 'bin/npm'), 0o755);
  };
  const install = () => {
    // A small program stands in for the project's Node: it only has to start.
    const env = { PATH: `${join(home, 'bin')}:/usr/bin:/bin`, TMPDIR: home, NODE_FOR_TEST: '/bin/true' };
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'cli/install.mjs')], {
      env,
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  };
  const calls = () =>
    existsSync(join(root, 'calls')) ? readFileSync(join(root, 'calls'), 'utf8').trim().split('\n') : [];

  it('installs where nothing is installed, once, and says so in one line', () => {
    const first = install();
    expect(first.status).toBe(0);
    expect(first.stdout).toMatch(/^Baton {2}installing \(first time only\) \.+ \d+ s\n$/);
    expect(calls()).toEqual(['ci --include=dev --no-audit --no-fund --no-progress']);

    expect(install()).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(calls()).toHaveLength(1);
  });

  it('installs again when the lockfile has changed', () => {
    install();
    lock('1.0.1');
    expect(install().status).toBe(0);
    expect(calls()).toHaveLength(2);
  });

  it("installs again when the project's Node is missing", () => {
    install();
    rmSync(join(root, 'node_modules/.bin/node'));
    expect(install().status).toBe(0);
    expect(calls()).toHaveLength(2);
  });

  it('takes what somebody has installed by hand, if it is all of the lockfile', () => {
    mkdirSync(join(root, 'node_modules/.bin'), { recursive: true });
    mkdirSync(join(root, 'node_modules/one'));
    cpSync('/bin/true', join(root, 'node_modules/.bin/node'));
    const list = (version: string) =>
      writeFileSync(
        join(root, 'node_modules/.package-lock.json'),
        JSON.stringify({ packages: { 'node_modules/one': { version } } }),
      );
    list('1.0.0');
    expect(install().status).toBe(0);
    expect(calls()).toEqual([]);

    lock('1.0.1');
    expect(install().status).toBe(0);
    expect(calls()).toHaveLength(1);
  });

  it('shows what npm said and what to do when npm fails, and tries again the next time', () => {
    npm(failingNpm);
    const { status, stderr } = install();
    expect(status).toBe(1);
    expect(stderr).toContain('cannot install: npm ci failed (exit code 1)');
    expect(stderr).toContain('npm error network request failed');
    expect(stderr).toContain('npm cannot reach its registry');

    npm(workingNpm);
    expect(install().status).toBe(0);
    expect(calls()).toHaveLength(2);
  });

  it('says where to get npm when there is none', () => {
    rmSync(join(home, 'bin/npm'));
    const { status, stderr } = spawnSync(process.execPath, [join(root, 'cli/install.mjs')], {
      env: { PATH: join(home, 'bin'), TMPDIR: home },
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toContain('npm was not found');
  });
});
