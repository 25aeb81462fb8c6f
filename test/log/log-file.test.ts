import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLog } from '../../log/log.ts';
import { openLogFile } from '../../log/log-file.ts';
import { sampledLog } from '../../log/sampled-log.ts';
import { smallDisk } from '../store/small-disk.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-log-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = (path: string) => readFileSync(path, 'utf8');
const until = (what: () => unknown) => expect.poll(what, { timeout: 5000, interval: 5 });

describe('the log file', () => {
  it('is for this user alone, and goes on where it ended', async () => {
    const path = join(folder, 'baton.log');
    for (const line of ['one\n', 'two\n']) {
      const log = openLogFile(path);
      log.write(line);
      log.close();
    }
    await until(() => read(path)).toBe('one\ntwo\n');
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
  });

  it('is put aside when it is long, and only so many of them are kept', async () => {
    const path = join(folder, 'baton.log');
    const log = openLogFile(path, { bytes: 1000, kept: 2 });
    for (let number = 0; number < 100; number += 1) {
      log.write(`${number} ${'x'.repeat(100)}\n`);
      if (number % 5 === 0) await until(() => read(path)).toContain(`${number} x`);
    }
    await until(() => read(path)).toContain('99 x');
    log.close();
    expect(readdirSync(folder).sort()).toEqual(['baton.log', 'baton.log.1', 'baton.log.2']);
    for (const name of readdirSync(folder)) {
      expect(statSync(join(folder, name)).size).toBeLessThan(2000);
      expect((statSync(join(folder, name)).mode & 0o777).toString(8)).toBe('600');
    }
  });

  it.skipIf(!smallDisk.works)(
    'loses lines while the disk is full, and says how many when there is room again',
    async () => {
      const disk = smallDisk.mount(1);
      try {
        const log = openLogFile(join(disk.path, 'baton.log'));
        log.write('before\n');
        await until(() => read(join(disk.path, 'baton.log'))).toBe('before\n');
        disk.fill();
        const line = `${'x'.repeat(3000)}\n`;
        for (let number = 0; number < 20; number += 1) log.write(line);
        // It is tried with each line, and costs nobody a wait.
        await until(() => {
          log.write('lost\n');
          return statSync(join(disk.path, 'baton.log')).size;
        }).toBe(4096);
        disk.free();
        await until(() => {
          log.write('after\n');
          return read(join(disk.path, 'baton.log'));
        }).toContain('\nafter\n');
        const lines = read(join(disk.path, 'baton.log')).trimEnd().split('\n');
        const told = lines.flatMap((each) => (each.startsWith('{') ? [JSON.parse(each)] : []));
        expect(told[0]).toMatchObject({
          msg: 'Lines of this log were lost',
          reason: expect.stringMatching(/ENOSPC|not all/),
        });
        expect(told[0].lost).toBeGreaterThanOrEqual(19);
        expect(lines.filter((each) => !/^(\{.*\}|before|x+|after|lost)$/.test(each))).toEqual([]);
        log.close();
      } finally {
        disk.unmount();
      }
    },
  );

  describe('to a pipe', () => {
    let reader: ChildProcess | undefined;
    afterEach(() => reader?.kill('SIGKILL'));

    it('outlives its reader', async () => {
      const path = join(folder, 'pipe');
      execFileSync('mkfifo', [path]);
      reader = spawn('cat', [path], { stdio: 'ignore' });
      const descriptor = openSync(path, 'w');
      const log = openLogFile(descriptor);
      log.write('heard\n');
      const gone = new Promise((resolve) => reader?.once('exit', resolve));
      reader.kill('SIGKILL');
      await gone;
      for (let number = 0; number < 10; number += 1) {
        log.write('unheard\n');
        await new Promise((resolve) => setImmediate(resolve));
      }
      log.close();
      closeSync(descriptor);
    });

    it('does not wait for a reader that hangs, and holds only so much for it', () => {
      const path = join(folder, 'pipe');
      execFileSync('mkfifo', [path]);
      reader = spawn('sh', ['-c', 'exec 3<"$1"; sleep 60', 'sh', path], { stdio: 'ignore' });
      const log = openLogFile(openSync(path, 'w'));
      const begun = performance.now();
      for (let number = 0; number < 20_000; number += 1) log.write(`${'x'.repeat(200)}\n`);
      expect(performance.now() - begun).toBeLessThan(2000);
      log.close();
    });

    it('loses its lines where a pipe without a reader lies in the place of the file', () => {
      const path = join(folder, 'baton.log');
      execFileSync('mkfifo', [path]);
      const log = openLogFile(path);
      log.write('unheard\n');
      log.close();
    });
  });

  it('loses its lines where it cannot be opened, and throws nothing', () => {
    mkdirSync(join(folder, 'baton.log'));
    const log = openLogFile(join(folder, 'baton.log'));
    log.write('unheard\n');
    log.close();
  });
});

describe('refused requests in the log', () => {
  afterEach(() => void vi.useRealTimers());

  it('are five lines of a kind in ten seconds, and a count of the rest', () => {
    vi.useFakeTimers();
    const lines: { msg: string; left?: number; of?: string }[] = [];
    const log = createLog((text) => text, { destination: { write: (line) => lines.push(JSON.parse(line)) } });
    const sampled = sampledLog(log);
    for (let number = 0; number < 1000; number += 1) sampled.line('403 A', (to) => to.warn('A'));
    for (let number = 0; number < 3; number += 1) sampled.line('404 B', (to) => to.info('B'));
    vi.advanceTimersByTime(10_000);
    sampled.line('403 A', (to) => to.warn('A'));
    expect(lines.map(({ msg }) => msg)).toEqual([
      ...Array(5).fill('A'),
      ...Array(3).fill('B'),
      'Lines of one kind were left out',
      'A',
    ]);
    expect(lines[8]).toMatchObject({ left: 995, of: '403 A' });
  });

  it('are bounded also where each is of a kind of its own', () => {
    vi.useFakeTimers();
    let lines = 0;
    const sampled = sampledLog(createLog((text) => text, { destination: { write: () => (lines += 1) } }));
    for (let number = 0; number < 10_000; number += 1) sampled.line(`kind ${number}`, (to) => to.info('x'));
    expect(lines).toBeLessThan(300);
  });
});
