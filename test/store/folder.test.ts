import { type ChildProcess, execFileSync, fork, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  globSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataFolderUnsafe, secureDataFolder } from '../../store/embedded/folder.ts';
import { DataFolderInUse, lockFolder } from '../../store/embedded/lock.ts';
import { openStore } from '../../store/open.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-folder-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const isRoot = process.getuid?.() === 0;
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe('the lock of a data folder', () => {
  const holder = new URL('./lock-holder.ts', import.meta.url);
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  async function hold(): Promise<ChildProcess> {
    const child = fork(holder, [folder]);
    children.push(child);
    await new Promise((resolve) => child.once('message', resolve));
    return child;
  }

  it('is held until it is released', async () => {
    const release = await lockFolder(folder);
    expect(Number.parseInt(readFileSync(join(folder, 'baton.lock'), 'utf8'), 10)).toBe(process.pid);
    await expect(lockFolder(folder, 0)).rejects.toThrow(DataFolderInUse);
    release();
    release();
    (await lockFolder(folder, 0))();
  });

  it('refuses a second process, and says who holds it', async () => {
    const { pid } = await hold();
    await expect(lockFolder(folder, 200)).rejects.toThrow(`in use by process ${pid}`);
  });

  it.each([
    ['a process that is gone', '4194304 12\n'],
    ['a process that lives, whose pid means nothing here', `${process.ppid} \n`],
    ['nobody', ''],
  ])('does not ask what a file says of %s', async (_, text) => {
    writeFileSync(join(folder, 'baton.lock'), text);
    (await lockFolder(folder, 0))();
  });

  it('waits for a process that is killed at this moment', async () => {
    const child = await hold();
    const locked = lockFolder(folder);
    setTimeout(() => child.kill('SIGKILL'), 300);
    (await locked)();
  });

  it('leaves nothing behind that was killed with its process', async () => {
    const child = await hold();
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    (await lockFolder(folder, 0))();
    expect(globSync('*', { cwd: folder })).toEqual(['lock.db']);
  });

  const canUnshare = isRoot && spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0;
  it.skipIf(!canUnshare)('holds against a process that sees no other, as in a container', async () => {
    const { pid } = await hold();
    const script = `import { lockFolder } from ${JSON.stringify(new URL('../../store/embedded/lock.ts', import.meta.url).href)};
      await lockFolder(${JSON.stringify(folder)}, 200).then(() => console.log('taken'), (error) => console.log(error.message));`;
    const flags = ['--pid', '--uts', '--fork', '--mount-proc'];
    const command = ['sh', '-c', 'hostname elsewhere; exec "$@"', 'sh', process.execPath];
    const words = execFileSync('unshare', [
      ...flags,
      ...command,
      '--input-type=module-typescript',
      '-e',
      script,
    ]);
    expect(words.toString()).toContain(`in use by process ${pid} on `);
  });
});

describe('the data folder', () => {
  it('is made for this user alone, with all that is put there', async () => {
    const place = join(folder, 'a', 'data');
    const store = await openStore({ dataDir: place });
    await store.close();
    expect(modeOf(place)).toBe('700');
    const open = globSync('**', { cwd: place }).filter(
      (name) => (lstatSync(join(place, name)).mode & 0o077) !== 0,
    );
    expect(open).toEqual([]);
  });

  it('is closed to others where an earlier version left it open, and what links lead to is left alone', () => {
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, 'simulator'));
    const outside = mkdtempSync(join(tmpdir(), 'baton-outside-'));
    chmodSync(outside, 0o755);
    for (const name of ['baton.log', 'simulator/world.json']) writeFileSync(join(folder, name), 'x');
    for (const name of ['baton.log', 'simulator/world.json']) chmodSync(join(folder, name), 0o666);
    chmodSync(join(folder, 'simulator'), 0o777);
    symlinkSync(outside, join(folder, 'link'));
    secureDataFolder(folder);
    const modes = ['.', 'baton.log', 'simulator', 'simulator/world.json'].map((name) =>
      modeOf(join(folder, name)),
    );
    expect(modes).toEqual(['700', '600', '700', '600']);
    expect(modeOf(outside)).toBe('755');
    rmSync(outside, { recursive: true });
  });

  it.each([0o777, 0o1777, 0o775, 0o702])('is refused where others may write to it (%o)', (mode) => {
    chmodSync(folder, mode);
    expect(() => secureDataFolder(folder)).toThrow(DataFolderUnsafe);
    expect(() => secureDataFolder(folder)).toThrow(`chmod 700 ${folder}`);
  });

  it.skipIf(!isRoot)('is refused where it, or something in it, belongs to somebody else', () => {
    writeFileSync(join(folder, 'planted'), 'x');
    chownSync(join(folder, 'planted'), 12_345, 12_345);
    expect(() => secureDataFolder(folder)).toThrow(`${join(folder, 'planted')} belongs to user 12345`);
    chownSync(folder, 12_345, 12_345);
    expect(() => secureDataFolder(folder)).toThrow(
      `${folder} belongs to user 12345, and this process runs as 0`,
    );
  });
});
